import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Control, type ControlOptions } from '../../src/control/control.ts';
import type { FleetHandle, TriggerRef } from '../../src/control/scaler.ts';
import type { PolicyFields } from '../../src/core/policy.ts';
import { absentSample, type ReplicaFacts, type Sample } from '../../src/core/sample.ts';
import { ScalerError } from '../../src/core/scaler-error.ts';
import { aRevision, ScriptedSource, silent } from '../support/control.ts';
import { aCalendar, aSample } from '../support/decision.ts';

const T0 = 1_790_000_000_000;
const policy: PolicyFields = {
  minReplicas: 1,
  maxReplicas: 20,
  lookBackPeriod: 10_000,
  upscaleDelay: 10_000,
  downscaleDelay: 60_000,
};

const scaledTo = (count: number): ReplicaFacts => ({
  spec: count,
  ready: count,
  starting: 0,
  unschedulable: 0,
  source: 'test',
});

let open: Control[] = [];
afterEach(() => {
  for (const control of open) control.close();
  open = [];
});

function aControl(
  sample: (at: number) => Sample,
  options: Partial<ControlOptions> & { since?: number } = {},
) {
  const clock = { now: T0 };
  const source = new ScriptedSource((_fleet, at) => sample(at), options.since);
  const control = new Control({
    revision: aRevision({ default: policy }),
    source,
    log: silent,
    now: () => clock.now,
    ...options,
  });
  open.push(control);
  const turn = async (seconds: number): Promise<void> => {
    clock.now = T0 + seconds * 1000;
    await control.turn(clock.now);
  };
  return { control, source, clock, turn };
}

const trigger = (name = 'vllm', metadata: Record<string, string> = {}): TriggerRef => ({
  namespace: 'llm',
  name,
  metadata: { model: 'mistral', ...metadata },
});

function handleOf(control: Control, ref: TriggerRef = trigger()): FleetHandle {
  const fleet = control.resolve(ref);
  if (fleet instanceof ScalerError) throw fleet;
  return fleet;
}

/** A fleet whose history has been read. */
async function settledFleet(control: Control, ref: TriggerRef = trigger()): Promise<FleetHandle> {
  const fleet = handleOf(control, ref);
  await control.settled(fleet);
  return fleet;
}

describe('a fleet seen for the first time', () => {
  it('is decided from memory at once, never below its spec, and again when its history was read', async () => {
    const { control, source, turn } = aControl((at) =>
      aSample(at, { running: 10, ready: 4, replicas: scaledTo(4) }),
    );
    await turn(0);
    let release = (): void => {};
    source.historyDelay = new Promise((resolve) => {
      release = resolve;
    });
    const fleet = handleOf(control);
    expect(control.answer(fleet)).toMatchObject({ replicas: 4, at: T0 });
    const settled = control.settled(fleet);
    release();
    expect(await settled).toMatchObject({ replicas: 1, at: T0 });
  });

  it('waits for its history at most a second', async () => {
    const { control, source, turn } = aControl((at) => aSample(at, { running: 10, replicas: scaledTo(4) }));
    await turn(0);
    source.historyDelay = new Promise(() => {});
    const started = Date.now();
    expect(await control.settled(handleOf(control))).toMatchObject({ replicas: 4 });
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it('without a known spec has no answer until then: fewer may report than are starting', async () => {
    const { control, source, turn } = aControl((at) => aSample(at, { running: 10, ready: 4 }));
    source.historyDelay = new Promise(() => {});
    await turn(0);
    const fleet = handleOf(control);
    expect(control.answer(fleet)).toMatchObject({
      replicas: null,
      floorAboveZero: true,
      reason: expect.stringContaining('history is being read'),
    });
    await turn(5);
    expect(control.answer(fleet).replicas).toBeNull();
  });

  it('keeps the answer it gave meanwhile when its history knows nothing', async () => {
    let sample = (at: number): Sample => aSample(at, { running: 10, replicas: scaledTo(4) });
    const { control, source, turn } = aControl((at) => sample(at));
    await turn(0);
    let release = (): void => {};
    source.historyDelay = new Promise((resolve) => {
      release = resolve;
    });
    const fleet = handleOf(control);
    expect(control.answer(fleet)).toMatchObject({ replicas: 4 });
    sample = (at) => absentSample(at, 'no series');
    await turn(5);
    expect(control.answer(fleet)).toMatchObject({ replicas: 4 });
    const settled = control.settled(fleet);
    release();
    expect(await settled).toMatchObject({ replicas: 4 });
    await turn(10);
    expect(control.answer(fleet)).toMatchObject({ replicas: 4 });
  });

  it('answers without history when it cannot be read, in hold', async () => {
    const { control, source, turn } = aControl((at) => aSample(at, { running: 10, replicas: scaledTo(4) }), {
      since: T0,
    });
    source.historyFailure = new Error('no');
    await turn(0);
    const fleet = handleOf(control);
    expect(control.answer(fleet)).toMatchObject({
      replicas: 4,
      reason: expect.stringContaining('held at 4'),
    });
  });

  it('is never below what was last exported', async () => {
    const { control, source, turn } = aControl((at) => aSample(at, { running: 10, ready: 4 }));
    source.exported = [{ at: T0 - 5_000, replicas: 7 }];
    await turn(0);
    expect(await control.settled(handleOf(control))).toMatchObject({ replicas: 7 });
  });
});

describe('a restart', () => {
  it('in the middle of a gap holds the answer that was scraped last before it', async () => {
    const gap = (at: number): Sample =>
      at < T0 - 300_000
        ? aSample(at, { running: 70, ready: 7 })
        : absentSample(at, 'no series of this fleet');
    const { control, source, turn } = aControl(gap);
    source.exported = [{ at: T0 - 900_000, replicas: 7 }];
    await turn(0);
    expect(await control.settled(handleOf(control))).toMatchObject({
      replicas: 7,
      reason: expect.stringContaining('held at 7'),
    });
  });

  it('answers as if it had run all along, in the middle of a ramp', async () => {
    const load = (at: number): Sample => {
      const second = (at - T0) / 1000;
      return aSample(at, {
        running: second < 100 ? 20 : second < 200 ? 90 : 35,
        ready: second < 130 ? 2 : 9,
      });
    };
    const running = aControl(load, { since: T0 - 600_000 });
    const fleet = handleOf(running.control);
    for (let second = -300; second <= 290; second += 5) {
      await running.turn(second);
      if (second === -300) await running.control.settled(fleet);
      if (second % 65 !== 0 || second < 0) continue;
      const restarted = aControl(load, { since: T0 - 600_000 });
      await restarted.turn(second);
      const again = await restarted.control.settled(handleOf(restarted.control));
      expect({ second, replicas: again.replicas }).toEqual({
        second,
        replicas: running.control.answer(fleet).replicas,
      });
    }
  });

  it('that may read back less than a delay falls later, never earlier', async () => {
    const fall = (at: number): Sample => aSample(at, { running: at < T0 ? 60 : 20, ready: 6 });
    const slow = { default: { ...policy, downscaleDelay: 120_000 } };
    const running = aControl(fall, { revision: aRevision(slow), since: T0 - 600_000 });
    const fleet = await settledFleet(running.control);
    const limited = aControl(fall, {
      revision: aRevision(slow, { config: { historyLimit: '30s' } }),
      since: T0 - 600_000,
    });
    const fallen: Record<string, number> = {};
    let restarted: FleetHandle | null = null;
    for (let second = -60; second <= 300; second += 5) {
      await running.turn(second);
      if (running.control.answer(fleet).replicas === 2) fallen.running ??= second;
      if (second < 90) continue;
      limited.source.exported = [{ at: T0 + 85_000, replicas: 6 }];
      await limited.turn(second);
      restarted ??= await settledFleet(limited.control);
      if (limited.control.answer(restarted).replicas === 2) fallen.restarted ??= second;
    }
    // Of the 30 s before its start at 90 s the first 10 fill its look-back; with them its wait begins.
    expect(fallen).toEqual({ running: 125, restarted: 190 });
  });
});

describe('the loop', () => {
  it('skips a cycle whole while one is running, and counts it', async () => {
    let skipped = 0;
    const { control, source, turn } = aControl((at) => aSample(at, { running: 10, ready: 1 }), {
      onSkipped: () => skipped++,
    });
    let release = (): void => {};
    source.readDelay = new Promise((resolve) => {
      release = resolve;
    });
    const first = turn(0);
    expect(await control.turn(T0 + 5_000)).toBe(false);
    release();
    await first;
    expect(skipped).toBe(1);
    expect(control.health()).toMatchObject({ ready: true });
  });

  it('is not ready before its first turn, nor three intervals after its last', async () => {
    const { control, clock, turn } = aControl((at) => aSample(at, {}));
    expect(control.health().ready).toBe(false);
    await turn(0);
    expect(control.health().ready).toBe(true);
    clock.now += 15_001;
    expect(control.health().ready).toBe(false);
  });

  it('tells subscribers after each Snapshot until they leave', async () => {
    const { control, turn } = aControl((at) => aSample(at, { running: 10, ready: 1 }));
    const heard: (number | null)[] = [];
    const stop = control.subscribe(handleOf(control), (answer) => heard.push(answer.at));
    await turn(0);
    await turn(5);
    stop();
    await turn(10);
    expect(heard).toEqual([T0, T0 + 5_000]);
  });
});

describe('identity', () => {
  it('tells triggers of one ScaledObject apart by role, model and labels, and nothing else', () => {
    const { control } = aControl((at) => aSample(at, {}));
    const plain = handleOf(control);
    expect(handleOf(control, trigger('vllm', { upscaleDelay: '5s', scalerAddress: 'x:1' })).key).toBe(
      plain.key,
    );
    expect(handleOf(control, trigger('vllm', { model: 'llama' })).key).not.toBe(plain.key);
    expect(handleOf(control, trigger('vllm', { matchLabels: 'a=b' })).key).not.toBe(plain.key);
  });

  it('keeps the state when the configuration of a trigger changes', async () => {
    const { control, turn } = aControl((at) => aSample(at, { running: 90, ready: 2 }));
    await settledFleet(control);
    for (const second of [0, 5, 10, 15]) await turn(second);
    expect(control.answer(handleOf(control)).replicas).toBe(9);
    const changed = handleOf(control, trigger('vllm', { targetOngoingRequests: '30' }));
    await turn(20);
    expect(control.answer(changed).replicas).toBe(9);
  });

  it('names what is wrong with a trigger', () => {
    const { control } = aControl((at) => aSample(at, {}));
    expect(control.resolve(trigger('vllm', { polcy: 'x' }))).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('did you mean "policy"'),
    });
  });

  it('forgets fleets that nobody asks for, not those with a stream', async () => {
    const { control, clock } = aControl((at) => aSample(at, {}));
    handleOf(control, trigger('idle'));
    control.subscribe(handleOf(control, trigger('watched')), () => {});
    clock.now += 7_200_000;
    handleOf(control, trigger('fresh'));
    expect(control.forget(3_600_000)).toBe(1);
    expect(control.fleets().map(({ id }) => id.name)).toEqual(['watched', 'fresh']);
  });
});

describe('a flood of names', () => {
  it('drops its own newcomers, never the fleets that are asked for regularly', () => {
    const { control, clock } = aControl((at) => aSample(at, {}));
    const regular = handleOf(control);
    for (let poll = 0; poll < 3; poll++) {
      clock.now += 15_000;
      expect(handleOf(control)).toBe(regular);
    }
    for (let name = 0; name < 30_000; name++) handleOf(control, trigger(`flood-${name}`));
    const known = control.fleets().map(({ id }) => id.name);
    expect(known).toHaveLength(20_000);
    expect(known).toContain('vllm');
    expect(known).toContain('flood-29999');
  });

  it('reads the history of a fleet that comes when all places are taken, and of none that has gone', async () => {
    const { control, source, clock } = aControl((at) => aSample(at, { running: 40 }), { since: T0 - 10_000 });
    const asked: string[] = [];
    const history = source.history.bind(source);
    source.history = (range, fleets) => {
      asked.push(...fleets.map(({ id }) => id.name));
      return history(range, fleets);
    };
    for (let name = 0; name < 25_000; name++) handleOf(control, trigger(`flood-${name}`));
    clock.now += 1_000;
    const late = handleOf(control, trigger('late'));
    for (let waits = 0; waits < 60 && control.answer(late).replicas === null; waits++)
      await control.settled(late);
    expect(control.answer(late).replicas).toBe(4);
    expect(asked).toContain('late');
    expect(asked).not.toContain('flood-0');
    expect(asked.length).toBeLessThanOrEqual(20_000);
  });

  it('says how many it dropped, and some of them, once a cycle', async () => {
    const lines: { readonly fields: object; readonly text: string }[] = [];
    const dropped: string[] = [];
    const log = pino(
      { base: null },
      {
        write(line: string) {
          const { msg, level, time, ...fields } = JSON.parse(line);
          lines.push({ fields, text: msg });
        },
      },
    );
    const { control, clock, turn } = aControl((at) => aSample(at, {}), {
      log,
      onDropped: (why) => dropped.push(why),
    });
    for (let name = 0; name < 20_005; name++) handleOf(control, trigger(`flood-${name}`));
    await turn(5);
    await turn(10);
    expect(lines).toEqual([
      {
        fields: { dropped: 5, known: 20_000, some: ['llm/flood-0', 'llm/flood-1', 'llm/flood-2'] },
        text: 'more fleets are asked for than are kept: those asked for least have been dropped',
      },
    ]);
    clock.now += 7_200_000;
    control.forget(3_600_000);
    expect(dropped).toEqual([...Array(5).fill('crowded'), ...Array(20_000).fill('idle')]);
  });
});

describe('an advisory policy', () => {
  const revision = aRevision({ default: { ...policy, mode: 'advisory' } });

  it('refuses to steer, unless the trigger wants the neutral 0', async () => {
    const { control, turn } = aControl((at) => aSample(at, { running: 50, ready: 5 }), { revision });
    expect(control.resolve(trigger())).toMatchObject({ code: 'refused' });
    const neutral = await settledFleet(control, trigger('beside', { advisoryAnswer: 'zero' }));
    await turn(0);
    expect(control.answer(neutral)).toMatchObject({ replicas: 0 });
    expect(control.fleets().at(-1)?.record?.replicas).toBe(5);
  });
});

describe('a buffer', () => {
  it('answers the pause pods of the fleet that it serves', async () => {
    const revision = aRevision(
      { default: { ...policy, buffer: { min: 1, max: 8 }, calendar: 'c' } },
      { calendars: { c: aCalendar((at) => ({ floor: at > T0 + 60_000 ? 6 : 1 })) } },
    );
    const { control, turn } = aControl((at) => aSample(at, { running: 10, ready: 2 }), { revision });
    const fleet = await settledFleet(control);
    const buffer = handleOf(control, {
      namespace: 'llm',
      name: 'vllm-buffer',
      metadata: { role: 'buffer', fleet: 'vllm' },
    });
    await turn(0);
    expect(control.answer(fleet).replicas).toBe(1);
    expect(control.answer(buffer)).toMatchObject({
      replicas: 4,
      reason: expect.stringContaining('a floor of 6'),
    });
  });

  it('is explained and what-iffed in pause pods', async () => {
    const revision = aRevision({ default: { ...policy, buffer: { min: 1, max: 8 } } });
    const { control, turn } = aControl((at) => aSample(at, { running: 10, ready: 2 }), { revision });
    await settledFleet(control);
    handleOf(control, { namespace: 'llm', name: 'b', metadata: { role: 'buffer', fleet: 'vllm' } });
    await turn(0);
    const query = { namespace: 'llm', name: 'b', role: 'buffer' as const };
    expect(await control.explain(query)).toMatchObject({ replicas: 1 });
    expect(await control.explain({ ...query, set: { 'buffer.min': '5' } })).toMatchObject({
      replicas: 5,
      recomputed: true,
    });
  });

  it('knows nothing without that fleet', async () => {
    const { control, turn } = aControl((at) => aSample(at, {}));
    const buffer = handleOf(control, {
      namespace: 'llm',
      name: 'b',
      metadata: { role: 'buffer', fleet: 'nobody' },
    });
    await turn(0);
    expect(control.answer(buffer)).toMatchObject({
      replicas: null,
      reason: expect.stringContaining('llm/nobody'),
    });
  });
});

describe('explain', () => {
  const query = { namespace: 'llm', name: 'vllm', role: 'replicas' as const };
  async function aRunning() {
    const all = aControl((at) => aSample(at, { running: 30, ready: 3 }), { since: T0 - 3_600_000 });
    await settledFleet(all.control);
    for (const second of [0, 5, 10]) await all.turn(second);
    return all;
  }

  it('warns of a refused reload, a source that is down and a calendar that ended', async () => {
    const { control, source, turn } = await aRunning();
    expect((await control.explain(query)).warnings).toEqual([]);
    control.refuse(['p.yaml:1:1 x: must be y', 'q.yaml:2:1 z: must be w']);
    source.status = () => ({
      name: 'prometheus',
      up: false,
      error: 'refused',
      lastSuccess: null,
      requests: 1,
    });
    await turn(15);
    expect((await control.explain(query)).warnings).toEqual([
      'the configuration on disk is refused, revision first keeps serving: p.yaml:1:1 x: must be y (and 1 more)',
      'the source is down: refused',
    ]);
  });

  it('answers a past instant from its stored record', async () => {
    const { control } = await aRunning();
    const record = await control.explain({ ...query, at: T0 + 7_000 });
    expect(record).toMatchObject({ at: T0 + 5_000, replicas: 3 });
    expect(record.recomputed).toBeUndefined();
  });

  it('recomputes an instant before it started, and says so', async () => {
    const { control } = await aRunning();
    expect(await control.explain({ ...query, at: T0 - 600_000 })).toMatchObject({
      at: T0 - 600_000,
      replicas: 3,
      recomputed: true,
    });
  });

  it('answers what if, and changes nothing', async () => {
    const { control } = await aRunning();
    const what = await control.explain({
      ...query,
      set: { minReplicas: '6', ongoing: '200', upscaleDelay: '0s' },
    });
    expect(what).toMatchObject({ replicas: 20, recomputed: true });
    expect(await control.explain(query)).toMatchObject({ replicas: 3 });
  });

  it.each([
    ['an unknown field', { minReplica: '3' }, 'did you mean "minReplicas"'],
    ['a value of the wrong type', { minReplicas: 'many' }, 'minReplicas'],
    ['a negative load', { ongoing: '-1' }, 'set.ongoing'],
    ['signals', { signals: 'x' }, 'set.signals'],
  ])('refuses %s', async (_name, set, message) => {
    const { control } = await aRunning();
    await expect(control.explain({ ...query, set })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining(message),
    });
  });

  it('computes two at a time and sends a third away', async () => {
    const { control, source } = await aRunning();
    source.historyDelay = new Promise(() => {});
    const past = { ...query, at: T0 - 60_000 };
    void control.explain(past);
    void control.explain(past);
    await expect(control.explain(past)).rejects.toMatchObject({ code: 'exhausted' });
  });

  it('asks for the model where several fleets share a name', async () => {
    const { control } = await aRunning();
    handleOf(control, trigger('vllm', { model: 'llama' }));
    await expect(control.explain(query)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('mistral, llama'),
    });
    expect(await control.explain({ ...query, model: 'mistral' })).toMatchObject({ replicas: 3 });
  });

  it('does not know fleets that nobody registered', async () => {
    const { control } = await aRunning();
    await expect(control.explain({ ...query, name: 'other' })).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a new revision', () => {
  it('is used from the next cycle on, and a policy that is gone keeps its last fields', async () => {
    const { control, turn } = aControl((at) => aSample(at, { running: 10, ready: 1 }));
    const fleet = await settledFleet(control);
    await turn(0);
    control.use(aRevision({ default: { ...policy, minReplicas: 5 } }, { id: 'second' }));
    await turn(5);
    expect(control.answer(fleet).replicas).toBe(5);
    control.use(aRevision({}, { id: 'third' }));
    await turn(10);
    expect(control.answer(fleet).replicas).toBe(5);
    expect(control.health().revision).toBe('third');
  });

  it('that was refused shows in health until a good one comes', () => {
    const { control } = aControl((at) => aSample(at, {}));
    control.refuse(['p.yaml:1:1 x: must be y']);
    expect(control.health().refused).toEqual(['p.yaml:1:1 x: must be y']);
    control.use(aRevision());
    expect(control.health().refused).toEqual([]);
  });
});
