import { expect, it } from 'vitest';
import type { DecisionRecord } from '../../src/decision/record.ts';
import { createDecisionLog } from '../../src/serve/decision-log.ts';
import { captureLog } from '../support/grpc-harness.ts';

function aRecord(replicas: number | null, more: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    fleet: { namespace: 'llm', name: 'vllm', role: 'replicas', model: 'm', matchLabels: {} },
    mode: 'active',
    revision: 'r1',
    at: 0,
    replicas,
    buffer: 0,
    held: null,
    reason: `${replicas} because`,
    steps: [],
    signals: [],
    bounds: { floor: 0, ceiling: null, min: 1, max: 8, windows: [], covered: true },
    replicaFacts: { spec: null, ready: null, starting: null, unschedulable: null, source: 'test' },
    timers: [],
    next: null,
    demand: null,
    ...more,
  };
}

function logged(...snapshots: readonly (readonly DecisionRecord[])[]): Record<string, unknown>[] {
  const { log, lines } = captureLog();
  const decisions = createDecisionLog(log);
  for (const records of snapshots) decisions.observe(records);
  return lines;
}

it('says once what changed, from what to what, and why', () => {
  const lines = logged([aRecord(2)], [aRecord(2)], [aRecord(4)], [aRecord(4, { reason: 'other words' })]);
  const common = {
    level: 'info',
    msg: 'decision changed',
    namespace: 'llm',
    scaledobject: 'vllm',
    role: 'replicas',
    model: 'm',
  };
  expect(lines).toMatchObject([
    { ...common, from: null, to: 2, reason: '2 because' },
    { ...common, from: 2, to: 4, reason: '4 because' },
  ]);
});

it.each([
  { name: 'a hold begins', next: aRecord(2, { held: 'stale' }), expected: { from: 2, to: 2, held: 'stale' } },
  { name: 'the answer becomes unknown', next: aRecord(null), expected: { from: 2, to: null } },
  { name: 'zero is reached', next: aRecord(0), expected: { from: 2, to: 0 } },
])('says so when $name', ({ next, expected }) => {
  expect(logged([aRecord(2)], [next])[1]).toMatchObject(expected);
});

it('keeps fleets apart, also those that differ in matchLabels alone', () => {
  const fleet = (shard: string) => ({ ...aRecord(1).fleet, matchLabels: { shard } });
  const snapshot = [aRecord(1, { fleet: fleet('a') }), aRecord(2, { fleet: fleet('b') })];
  expect(logged(snapshot, snapshot)).toHaveLength(2);
});

it('starts anew with a fleet that left and came back, and marks an advisory one', () => {
  const lines = logged([aRecord(2)], [], [aRecord(2, { mode: 'advisory' })]);
  expect(lines).toMatchObject([{ from: null }, { from: null, mode: 'advisory' }]);
});
