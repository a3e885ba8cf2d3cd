import { Control } from '../../src/control/control.ts';
import { memoryOf } from '../../src/control/replay-history.ts';
import type { FleetHandle } from '../../src/control/scaler.ts';
import { resolvePolicy } from '../../src/core/policy.ts';
import { ScalerError } from '../../src/core/scaler-error.ts';
import type { ExportedTarget } from '../../src/ingest/source.ts';
import { gainStep } from '../../src/policy/gain.ts';
import { aRevision, ScriptedSource, silent } from './control.ts';
import { calendarOf, type RandomHistory, STEP, sampleAt, stepsOf } from './random-history.ts';

const ORIGIN = 1_790_000_000_000;
/** Steps after the last stretch, whose samples go on: longer than any delay and look-back of a random policy. */
const TAIL = 50;

/** The answers of two processes at one instant from the restart on. */
export interface Compared {
  readonly step: number;
  readonly live: number | null;
  /** Of the one that ran all along, replicas. */
  readonly demand: number | null;
  readonly restarted: number | null;
  /** What had last been exported when it started. */
  readonly exported: number | null;
}

interface Running {
  turn(step: number): Promise<void>;
  answer(): number | null;
  /** By step. */
  demands(): readonly (number | null)[];
  reload(): void;
  settled(): Promise<void>;
  close(): void;
}

function start(history: RandomHistory, step: number, exported: readonly ExportedTarget[]): Running {
  let now = ORIGIN + step * STEP;
  const source = new ScriptedSource((_fleet, at) => sampleAt(history, (at - ORIGIN) / STEP, at), ORIGIN);
  source.exported = exported;
  const calendars = { c: calendarOf(history, ORIGIN) };
  const config = history.historyLimit === undefined ? {} : { historyLimit: `${history.historyLimit}ms` };
  const revision = (fields: RandomHistory['fields'], id: string) =>
    aRevision({ default: { ...fields, calendar: 'c' } }, { id, calendars, config });
  const reloaded = step >= history.reload.at;
  const control = new Control({
    revision: revision(reloaded ? history.reload.fields : history.fields, String(reloaded)),
    source,
    log: silent,
    now: () => now,
  });
  const fleet = control.resolve({ namespace: 'llm', name: 'vllm', metadata: { model: 'm' } });
  if (fleet instanceof ScalerError) throw fleet;
  return {
    async turn(to) {
      now = ORIGIN + to * STEP;
      await control.turn(now);
    },
    answer: () => control.answer(fleet as FleetHandle).replicas,
    demands() {
      const byStep: (number | null)[] = [];
      for (const { at, demand } of control.chart({ namespace: 'llm', name: 'vllm', role: 'replicas' }))
        byStep[(at - ORIGIN) / STEP] = demand;
      return byStep;
    },
    reload: () => control.use(revision(history.reload.fields, 'true')),
    // On a busy machine its wait, which is by the clock, may end before the history was read.
    async settled() {
      for (let waits = 0; waits < 30 && control.answer(fleet).replicas === null; waits++)
        await control.settled(fleet);
    },
    close: () => control.close(),
  };
}

/** What a process that runs through the whole history answers at each step, and what it demands. */
interface RanThrough {
  readonly answers: readonly (number | null)[];
  /** In replicas, before bounds and delays; null while unknown. */
  readonly demands: readonly (number | null)[];
}

async function runThrough(history: RandomHistory): Promise<RanThrough> {
  const live = start(history, 0, []);
  const answers: (number | null)[] = [];
  for (let step = 0; step < stepsOf(history) + TAIL; step++) {
    if (step > 0 && step === history.reload.at) live.reload();
    await live.turn(step);
    if (step === 0) await live.settled();
    answers.push(live.answer());
  }
  const demands = live.demands();
  live.close();
  return { answers, demands };
}

/** One started at its restart, from there to the end, beside what the other one answered. */
async function runRestarted(
  history: RandomHistory,
  { answers, demands }: RanThrough,
): Promise<readonly Compared[]> {
  const exported: ExportedTarget[] = [];
  // Prometheus has scraped at each step what the evaluation before had left.
  for (const [step, replicas] of answers.slice(0, history.restart - 1).entries())
    if (replicas !== null) exported.push({ at: ORIGIN + (step + 1) * STEP, replicas });
  const restarted = start(history, history.restart, exported);
  const compared: Compared[] = [];
  const last = exported[exported.length - 1]?.replicas ?? null;
  for (let step = history.restart; step < answers.length; step++) {
    if (step === history.reload.at && step > history.restart) restarted.reload();
    await restarted.turn(step);
    if (step === history.restart) await restarted.settled();
    const [live = null, demand = null] = [answers[step], demands[step]];
    compared.push({ step, live, demand, restarted: restarted.answer(), exported: last });
  }
  restarted.close();
  return compared;
}

/** The first answer of a process that began above the one that ran all along; null when it did not. */
function liftOf([first]: readonly Compared[]): number | null {
  return (first?.restarted ?? 0) > (first?.live ?? 0) ? (first?.restarted ?? null) : null;
}

/**
 * What the policy asks for by a demand, before bounds and delays: with a factor below 1 a part of the way from what runs, and
 * with nothing running no more than what wakes the fleet.
 */
function wantedBy(history: RandomHistory, step: number, demand: number | null): number {
  const { ready } = sampleAt(history, step, ORIGIN + step * STEP).replicas;
  if (demand === null || ready === null) return Number.POSITIVE_INFINITY;
  const { out } = gainStep({ demand, running: ready, target: 0 }, resolvePolicy(history.reload.fields));
  return out ?? Number.POSITIVE_INFINITY;
}

/** Without series nobody rises, nor while pods find no node. */
function mayRise(history: RandomHistory, step: number): boolean {
  const { presence, replicas } = sampleAt(history, step, ORIGIN + step * STEP);
  return presence === 'fresh' && replicas.unschedulable === 0;
}

/** A ceiling that is at or below what one asks for: it breaks off a wait for a rise, which begins anew after it. */
function isCapped({ window: { from, steps, ceiling } }: RandomHistory, step: number, asked: number): boolean {
  return ceiling !== null && ceiling <= asked && step >= from && step < from + steps;
}

/** Where a fall of the other one ends that is under way when this one starts, evaluation by evaluation. */
function endOfFall(compared: readonly Compared[]): number {
  let end = compared[0]?.exported ?? 0;
  for (const { live } of compared) {
    if ((live ?? 0) >= end) break;
    end = live ?? 0;
  }
  return end;
}

export interface Verdict {
  /** The two agreed at every instant. */
  readonly equal: boolean;
  /** What the bound forbids, with its place. */
  readonly broken: readonly string[];
}

/**
 * The bound of a restart. It begins with no less than was exported last, unless the other one falls at that very
 * instant; then with no less than where that fall ends, evaluation by evaluation. Until the two agree for the first time
 * it is below the process that ran all along, and what that one demands, for no longer than one wait for a rise
 * (upscaleDelay and an evaluation, of those at which anybody may rise: there are series, and no pod waits for a node; a
 * ceiling begins it anew; above its demand the other one may be held for good, by pods that are missing), and never
 * where the whole past lies in its memory; a reload within that memory is left out, since it knows the new policy only. Where it began above the
 * other (from what was last exported, or from a past it knows a part of), that holds until it has come down by a wait
 * of its own, which begins when the other's next wait may be under way. Equal at every instant where the whole past
 * lies in its memory and its replay comes to at least what was last exported. Equal at the end, when fresh samples
 * stayed the same for longer than the longest delay and look-back: no burst and no unschedulable replicas, which may
 * hold for ever, something that runs (with nothing running what was asked for before stays), and a rise that goes all
 * the way to the demand (consolidation keeps what a part of the way would not have asked for).
 */
export async function checkRestart(history: RandomHistory): Promise<Verdict> {
  return verdictOf(history, await runRestarted(history, await runThrough(history)));
}

/** The same for restarts at several instants of one history, whose other process runs but once. */
export async function checkRestarts(
  history: RandomHistory,
  restarts: readonly number[],
): Promise<readonly Verdict[]> {
  const through = await runThrough(history);
  const verdicts: Verdict[] = [];
  for (const restart of restarts) {
    const restarted = { ...history, restart };
    verdicts.push(verdictOf(restarted, await runRestarted(restarted, through)));
  }
  return verdicts;
}

function verdictOf(history: RandomHistory, compared: readonly Compared[]): Verdict {
  const differs = compared.findIndex(({ live, restarted }) => live !== restarted);
  const { reload, stretches } = history;
  const broken: string[] = [];
  if (reload.at === 0) {
    const lifted = liftOf(compared);
    const memory = Math.min(
      memoryOf({ fields: reload.fields }),
      history.historyLimit ?? Number.POSITIVE_INFINITY,
    );
    const whole = history.restart * STEP <= memory;
    // Steps for which it may be below: those of one wait for a rise, which it began later than the other.
    const late = whole && lifted === null ? 0 : resolvePolicy(reload.fields).upscaleDelay / STEP + 1;
    let below = 0;
    for (const { step, live, demand, restarted } of compared) {
      if (live === restarted || (restarted ?? 0) < (lifted ?? 0)) break;
      // Who knows the whole past has nothing to wait for, and no excuse.
      const owed = late === 0 ? (live ?? 0) : Math.min(live ?? 0, wantedBy(history, step, demand));
      if ((restarted ?? 0) >= owed || (late > 0 && isCapped(history, step, restarted ?? 0))) below = 0;
      else if (late === 0 || mayRise(history, step)) below += 1;
      if (below > late) broken.push(`step ${step}: ${restarted} is below ${live}`);
    }
    const [first] = compared;
    const explained = (first?.live ?? 0) >= (first?.exported ?? 0);
    const least = endOfFall(compared);
    if ((first?.restarted ?? 0) < least)
      broken.push(
        `step ${first?.step}: ${first?.restarted} is below ${first?.exported}, which was exported last`,
      );
    if (whole && explained && differs >= 0) broken.push(`step ${compared[differs]?.step}: not equal`);
  }
  const end = stretches[stretches.length - 1];
  const last = compared[compared.length - 1];
  const isPlain = (reload.fields.upscalingFactor ?? 1) === 1 && reload.fields.burst === undefined;
  const steady = end?.kind === 'load' && end.unschedulable === 0 && end.ready > 0 && isPlain;
  if (steady && last?.live !== last?.restarted)
    broken.push(`at the end ${last?.restarted}, and ${last?.live} without a restart`);
  return { equal: differs < 0, broken };
}
