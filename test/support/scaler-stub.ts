import type {
  AgendaEntry,
  ChartPoint,
  ExplainQuery,
  FleetLine,
  Scaler,
  ScalerHealth,
} from '../../src/control/scaler.ts';
import type { Role } from '../../src/core/fleet.ts';
import { ScalerError } from '../../src/core/scaler-error.ts';
import type { DecisionRecord } from '../../src/decision/record.ts';

/** 09:31:05 in New York on a Monday: a minute after the bell. */
export const NOW = Date.parse('2026-11-23T14:31:05Z');

/** A morning: the calendar's floor holds 2, the bell brought a demand of 3.4, and the rise to 4 waits for its delay. */
export function aRecord(over: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    fleet: { namespace: 'llm', name: 'vllm', role: 'replicas', model: 'qwen3-32b', matchLabels: {} },
    mode: 'active',
    revision: '3f9a1c07',
    at: NOW,
    replicas: 2,
    buffer: 1,
    held: null,
    reason: 'a rise to 4 wanted for 20s of 30s',
    demand: 3.4,
    steps: [
      {
        step: 'signals',
        in: 2,
        out: 2,
        reason: 'all signals are fresh',
        inputs: { presence: 'fresh', observedAt: NOW - 3_000, reporting: 2, missing: [], notes: [] },
      },
      {
        step: 'demand',
        in: 2,
        out: 3.4,
        reason: '34 ongoing at 10 a replica are 3.4 replicas',
        inputs: { ongoing: 34, target: 10 },
      },
      {
        step: 'gain',
        in: 3.4,
        out: 4,
        reason: '2 + 1 x (3.4 - 2), rounded up, is 4',
        inputs: { running: 2, factor: 1 },
      },
      { step: 'bounds', in: 4, out: 4, reason: '4 is within 2 to 4', inputs: { min: 2, max: 4 } },
      { step: 'burst', in: 4, out: 4, reason: 'no burst is configured', inputs: {} },
      {
        step: 'delay',
        in: 4,
        out: 2,
        reason: 'a rise to 4 wanted for 20s of 30s',
        inputs: { target: 2, wanted: 4, since: NOW - 20_000, delay: 30_000, apply: 'last' },
      },
      { step: 'guards', in: 2, out: 2, reason: 'nothing to guard', inputs: { target: 2, held: null } },
      {
        step: 'landing',
        in: 2,
        out: 2,
        reason: 'the HPA has no tolerance band here',
        inputs: { tolerance: 0 },
      },
      { step: 'clamp', in: 2, out: 2, reason: 'inside the limits', inputs: { min: 2, max: 4 } },
      {
        step: 'buffer',
        in: 1,
        out: 1,
        reason: 'no floor beyond the 2 that are there comes within the lead',
        inputs: { min: 1, cap: 2 },
      },
    ],
    signals: [{ name: 'ongoing', kind: 'fresh', value: 34, observedAt: NOW - 3_000, demand: 3.4, why: null }],
    bounds: { floor: 2, ceiling: null, min: 2, max: 4, windows: ['market-hours'], covered: true },
    replicaFacts: {
      spec: 2,
      ready: 2,
      starting: 0,
      unschedulable: 0,
      source: 'kube-state-metrics deployment/vllm',
    },
    timers: [{ name: 'upscale', since: NOW - 20_000, at: NOW + 10_000, what: 'rise to 4 if still wanted' }],
    next: { at: NOW + 10_000, replicas: 4, why: 'rise to 4 if still wanted, in 10s' },
    ...over,
  };
}

/** A line whose whole record explain() gives. */
export interface StubLine extends FleetLine {
  readonly record: DecisionRecord | null;
}

export function aLine(over: Partial<DecisionRecord> = {}): StubLine {
  const record = aRecord(over);
  return { id: record.fleet, mode: record.mode, record };
}

export function aHealth(over: Partial<ScalerHealth> = {}): ScalerHealth {
  return {
    ready: true,
    lastTurn: NOW,
    source: { name: 'prometheus', up: true, error: null, lastSuccess: NOW, requests: 6 },
    revision: '3f9a1c07',
    refused: [],
    evaluationInterval: 5_000,
    ...over,
  };
}

export interface ScalerStub extends Scaler {
  lines: StubLine[];
  healthNow: ScalerHealth;
  /** The last query that explain() was asked. */
  asked: ExplainQuery | undefined;
  /** What explain() rejects with, when set. */
  failure: unknown;
}

/** A Scaler that answers from `lines`; the parts that only gRPC uses throw. */
export function aScaler(lines: readonly StubLine[] = [aLine()]): ScalerStub {
  const unused = (): never => {
    throw new Error('not part of the HTTP surface');
  };
  const stub: ScalerStub = {
    lines: [...lines],
    healthNow: aHealth(),
    asked: undefined,
    failure: undefined,
    resolve: unused,
    answer: unused,
    explained: unused,
    settled: unused,
    subscribe: unused,
    fleets: () => stub.lines,
    explain: async (query) => {
      stub.asked = query;
      if (stub.failure !== undefined) throw stub.failure;
      const line = stub.lines.find(({ id }) => matches(id, query));
      if (!line?.record) throw new ScalerError('unavailable', 'no decision yet');
      return query.at === undefined && query.set === undefined
        ? line.record
        : { ...line.record, recomputed: true };
    },
    chart: () => aMorning(),
    agenda: (_query, horizon) => anAgenda().filter(({ at }) => at < NOW + horizon),
    health: () => stub.healthNow,
  };
  return stub;
}

function matches(
  id: { namespace: string; name: string; role: Role; model: string },
  query: ExplainQuery,
): boolean {
  return (
    id.namespace === query.namespace &&
    id.name === query.name &&
    id.role === query.role &&
    id.model === query.model
  );
}

/** Two hours up to NOW, a point every 30 s: a quiet night, the floor at 09:00, the bell at 09:30. */
function aMorning(): readonly ChartPoint[] {
  const floorFrom = Date.parse('2026-11-23T13:55:00Z');
  const bell = Date.parse('2026-11-23T14:30:00Z');
  const points: ChartPoint[] = [];
  for (let at = NOW - 2 * 3_600_000; at <= NOW; at += 30_000) {
    const quiet = 0.4 + 0.3 * Math.sin(at / 600_000);
    points.push({
      at,
      demand: at >= bell ? 3.4 : quiet,
      floor: at >= floorFrom ? 2 : 0,
      replicas: at >= floorFrom ? 2 : 1,
      ready: at >= floorFrom + 240_000 ? 2 : 1,
    });
  }
  return points;
}

function anAgenda(): readonly AgendaEntry[] {
  return [
    { at: NOW, floor: 2, ceiling: null, windows: ['market-hours'] },
    { at: Date.parse('2026-11-23T21:00:00Z'), floor: 0, ceiling: 1, windows: ['nights'] },
    { at: Date.parse('2026-11-24T13:54:40Z'), floor: 2, ceiling: 1, windows: ['market-hours', 'nights'] },
    { at: Date.parse('2026-11-24T14:00:00Z'), floor: 2, ceiling: null, windows: ['market-hours'] },
    {
      at: Date.parse('2026-11-24T14:25:00Z'),
      floor: 4,
      ceiling: null,
      windows: ['market-hours', 'opening-burst'],
    },
  ];
}
