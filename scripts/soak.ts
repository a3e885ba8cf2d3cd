/**
 * `npm run soak -- [--restarts N] [--hours N] [--seed N]`: what the tests do in short, for as long as one likes.
 * `--restarts` checks that many random restarts against their bound; `--hours` runs that many hours of a hundred fleets'
 * random traffic, faults and reloads through one process in virtual time, and prints memory, handles and the time of a
 * cycle over it. Ends with 1 when a bound broke.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { spreadOf } from '../bench/support/result.ts';
import { Control } from '../src/control/control.ts';
import { ScalerError } from '../src/core/scaler-error.ts';
import { aRevision, ScriptedSource, silent } from '../test/support/control.ts';
import {
  type RandomHistory,
  randomHistory,
  STEP,
  sampleAt,
  stepsOf,
} from '../test/support/random-history.ts';
import { checkRestarts, type Verdict } from '../test/support/restart-case.ts';

const BATCH = 500;
/** Cases run side by side, since each waits some milliseconds for the history it reads back; more only fill the heap. */
const ABREAST = 25;

/** Restarts of one history, the first where it says: the process that ran all along runs once for all of them. */
const INSTANTS = 8;

async function soakRestarts(count: number, seed: number): Promise<boolean> {
  let done = 0;
  let equal = 0;
  let broken = 0;
  let told = 0;
  const started = performance.now();
  for (let batch = 0; done < count; batch++) {
    const numRuns = Math.min(BATCH, Math.ceil((count - done) / INSTANTS));
    const histories = fc.sample(randomHistory, { numRuns, seed: seed + batch * BATCH });
    for (let from = 0; from < histories.length; from += ABREAST) {
      const abreast = histories.slice(from, from + ABREAST);
      const verdicts = await Promise.all(abreast.map(verdictsOf));
      for (const { history, verdict } of verdicts.flat()) {
        done++;
        equal += verdict.equal ? 1 : 0;
        if (verdict.broken.length === 0) continue;
        broken++;
        console.log(verdict.broken.join('; '), JSON.stringify(history));
      }
    }
    if (done - told < BATCH * 20 && done < count) continue;
    told = done;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `${done} restarts, ${equal} equal at every instant, ${broken} outside the bound, ${seconds} s`,
    );
  }
  return broken === 0;
}

async function verdictsOf(
  history: RandomHistory,
): Promise<readonly { history: RandomHistory; verdict: Verdict }[]> {
  const restarts = instantsOf(history);
  const verdicts = await checkRestarts(history, restarts);
  return verdicts.map((verdict, index) => ({
    history: { ...history, restart: restarts[index] ?? history.restart },
    verdict,
  }));
}

/** Spread evenly over the history, from where it says. */
function instantsOf(history: RandomHistory): readonly number[] {
  const last = stepsOf(history) - 1;
  const count = Math.min(INSTANTS, last);
  return Array.from(
    { length: count },
    (_, index) => 1 + ((history.restart - 1 + Math.floor((index * last) / count)) % last),
  );
}

const FLEETS = 100;
const ORIGIN = 1_790_000_000_000;
const LINES = 12;

async function soakHours(hours: number, seed: number): Promise<boolean> {
  const pasts = fc.sample(randomHistory, { numRuns: FLEETS, seed });
  let now = ORIGIN;
  const source = new ScriptedSource((fleet, at) => {
    const index = Number(fleet.id.name.slice('vllm-'.length)) % FLEETS;
    const past = pasts[index];
    if (past === undefined) throw new Error(`no past of ${fleet.id.name}`);
    // Each past again and again, each fleet at its own place.
    return sampleAt(past, (Math.floor((at - ORIGIN) / STEP) + index) % 200, at);
  });
  const revisionOf = (hour: number) =>
    aRevision({ default: pasts[hour % FLEETS]?.fields ?? {} }, { id: `hour-${hour}` });
  const control = new Control({ revision: revisionOf(0), source, log: silent, now: () => now });
  const steps = Math.round((hours * 3_600_000) / STEP);
  const perLine = Math.max(1, Math.floor(steps / LINES));
  const rss: number[] = [];
  let slowest = 0;
  console.log('hour   RSS MB  heap MB  handles  slowest cycle ms');
  for (let step = 1; step <= steps; step++) {
    now = ORIGIN + step * STEP;
    if (step % 720 === 0) control.use(revisionOf(step / 720));
    if (step % 1_000 === 0) control.refuse(['policy.yaml:1:1 x: must be y']);
    for (let fleet = 0; fleet < FLEETS; fleet++) {
      const metadata = { model: 'm' };
      const handle = control.resolve({ namespace: 'llm', name: `vllm-${fleet}`, metadata });
      if (handle instanceof ScalerError && handle.code !== 'refused') throw handle;
    }
    const started = performance.now();
    await control.turn(now);
    slowest = Math.max(slowest, performance.now() - started);
    if (step % 100 === 0) await new Promise(setImmediate);
    if (step % 720 === 0) control.forget(3_600_000);
    if (step % perLine !== 0) continue;
    const memory = process.memoryUsage();
    rss.push(memory.rss / 2 ** 20);
    const cells = [
      ((step * STEP) / 3_600_000).toFixed(1).padStart(5),
      (memory.rss / 2 ** 20).toFixed(0).padStart(8),
      (memory.heapUsed / 2 ** 20).toFixed(0).padStart(8),
      String(process.getActiveResourcesInfo().length).padStart(8),
      slowest.toFixed(1).padStart(17),
    ];
    console.log(cells.join(' '));
    slowest = 0;
  }
  control.close();
  // Of a sawtooth single readings tell nothing. The first third is warm-up.
  const third = Math.floor(rss.length / 3);
  const [middle, end] = [spreadOf(rss.slice(third, -third)).median, spreadOf(rss.slice(-third)).median];
  const flat = end <= middle * 1.2;
  console.log(
    `RSS of the middle third ${middle.toFixed(0)} MB, of the last ${end.toFixed(0)} MB: ${flat ? 'flat' : 'NOT FLAT'}`,
  );
  return flat;
}

const HELP = `usage: npm run soak -- [--restarts N] [--hours N] [--seed N]

Restarts the scaler N times (default 500, without --hours) at random instants of random histories, and compares what it
answers with one that ran on. Or lets one run for N hours (default 1, without --restarts) of traffic, faults and reloads, as
fast as it goes, and prints its memory, handles and slowest cycles. Exit 1 if an answer is out of bounds or memory grows.`;

function optionsOf() {
  const count = { type: 'string' } as const;
  const options = { restarts: count, hours: count, seed: count, help: { type: 'boolean' } } as const;
  try {
    const { restarts, hours, seed, help } = parseArgs({ options }).values;
    const numbers = {
      restarts: Number(restarts ?? (hours === undefined ? 500 : 0)),
      hours: Number(hours ?? (restarts === undefined ? 1 : 0)),
      seed: Number(seed ?? 1),
    };
    const areSound = Object.values(numbers).every((value) => Number.isFinite(value) && value >= 0);
    return help !== true && areSound ? numbers : null;
  } catch {
    return null;
  }
}

const options = optionsOf();
if (options === null) {
  console.error(HELP);
  process.exit(2);
}
const { restarts, hours, seed } = options;
const fine = [
  restarts > 0 ? await soakRestarts(restarts, seed) : true,
  hours > 0 ? await soakHours(hours, seed) : true,
];
process.exitCode = fine.every(Boolean) ? 0 : 1;
