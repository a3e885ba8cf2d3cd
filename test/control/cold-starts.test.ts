import { afterEach, describe, expect, it } from 'vitest';
import { Control } from '../../src/control/control.ts';
import type { FleetHandle } from '../../src/control/scaler.ts';
import { bucketOf } from '../../src/core/cold-start.ts';
import { ScalerError } from '../../src/core/scaler-error.ts';
import type { PastColdStarts, Source } from '../../src/ingest/source.ts';
import { aRevision, ScriptedSource, silent } from '../support/control.ts';
import { aSample } from '../support/decision.ts';
import { eventually } from '../support/kubernetes.ts';

const START = 1_800_000_000_000;
const MIN = 60_000;
const WARNING = 'coldStart.max (1m) is shorter than a cold start (p95 5m): floors led in by auto come late';

describe('measured cold starts', () => {
  let control: Control;

  afterEach(() => control.close());

  function serve(coldStarts?: Source['coldStarts']): FleetHandle {
    const source = new ScriptedSource((_, at) => aSample(at, { running: 5, ready: 2 }));
    if (coldStarts !== undefined) Object.assign(source, { coldStarts });
    const revision = aRevision({ default: { maxReplicas: 10, coldStart: { max: MIN } } });
    control = new Control({ revision, source, log: silent, now: () => START });
    const fleet = control.resolve({ namespace: 'llm', name: 'vllm', metadata: { model: 'm' } });
    if (fleet instanceof ScalerError) throw fleet;
    return fleet;
  }

  const warnings = async () =>
    (await control.explain({ namespace: 'llm', name: 'vllm', role: 'replicas' })).warnings;
  const past = (ms: number, count: number): PastColdStarts => ({
    totals: Array.from({ length: 15 }, (_, index) => (index === bucketOf(ms) ? count : 0)),
    nodeWaits: [],
  });

  it('count from the fifth on, and not for a fleet that is not known', async () => {
    const { key } = serve();
    const start = { total: 4 * MIN + 1, nodeWait: null, levers: {} };
    for (let i = 0; i < 4; i++) control.coldStarted(key, start);
    control.coldStarted('nobody', start);
    await control.turn(START);
    expect(await warnings()).toEqual([]);
    control.coldStarted(key, start);
    await control.turn(START + 5_000);
    expect(await warnings()).toEqual([WARNING]);
  });

  it('survive a restart: those of before are read back and count together with new ones', async () => {
    const fleet = serve(async (_, fleets) => new Map(fleets.map(({ key }) => [key, past(5 * MIN, 4)])));
    await control.settled(fleet);
    control.coldStarted(fleet.key, { total: 5 * MIN, nodeWait: null, levers: {} });
    await control.turn(START);
    await eventually(() => expect(control.answer(fleet).at).toBe(START));
    expect(await warnings()).toEqual([WARNING]);
  });

  it('that cannot be read back keep no fleet from being decided', async () => {
    const fleet = serve(() => Promise.reject(new ScalerError('unavailable', 'Prometheus is down')));
    await control.turn(START);
    expect((await control.settled(fleet)).replicas).toBeGreaterThan(0);
    expect(await warnings()).toEqual([]);
  });
});
