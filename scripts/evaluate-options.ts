import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { didYouMean } from '../src/core/nearest.ts';
import { ScalerError } from '../src/core/scaler-error.ts';
import {
  COLD_STARTS,
  type ColdStartSeconds,
  SEEDS,
  VOLUMES,
  type Volume,
  WORKLOADS,
  type Workload,
} from '../src/simulate/evaluate/workloads.ts';

const NAMES = WORKLOADS.map(({ name }) => name);

export const USAGE = `usage: npm run evaluate -- [options]

Every workload through every policy and peer, at three volumes and three cold starts (docs/evaluation.md).

  --data DIR       folder of the recorded traces; without it only the generated workloads run
  --out FILE       the page; its figures go to a folder of that name (default: docs/evaluation.md with --data;
                   without, nothing is written and the page is printed)
  --only NAMES     some of ${NAMES.join(',')}
  --volumes LIST   some of ${VOLUMES.join(',')}
  --seeds LIST     how many, by volume (default: ${VOLUMES.map((volume) => SEEDS[volume]).join(',')})
  --cold-starts L  which, by volume, + between those of one (default: ${VOLUMES.map(() => COLD_STARTS.join('+')).join(',')})
  --quick          one seed, volume 1, cold start 95 s
  --threads N      default: one a core; 0 computes in the main thread
  --resume FILE    runs that the file has are not made again; new ones are added to it
  --measured TEXT  for the page: when and where
  --json           print all runs as JSON, write no page`;

export interface Options {
  readonly data: string | null;
  /** Null: nowhere. */
  readonly out: string | null;
  readonly workloads: readonly Workload[];
  readonly volumes: readonly Volume[];
  readonly coldStarts: Readonly<Record<Volume, readonly ColdStartSeconds[]>>;
  readonly seeds: Readonly<Record<Volume, number>>;
  readonly threads: number;
  readonly resume: string | null;
  readonly measured: string | null;
  readonly json: boolean;
}

/** Null: help was asked for. Throws ScalerError `invalid`. */
export function optionsOf(args: readonly string[]): Options | null {
  const { values } = parsed(args);
  if (values.help) return null;
  const data = values.data ?? null;
  const quick = values.quick ?? false;
  const threads = values.threads === undefined ? availableParallelism() : whole('--threads', values.threads);
  return {
    data,
    out: values.out ?? (data === null ? null : 'docs/evaluation.md'),
    workloads: workloadsOf(values.only, data),
    volumes: quick ? [1] : volumesOf(values.volumes),
    coldStarts: quick ? { 1: [95], 5: [95], 20: [95] } : coldStartsOf(values['cold-starts']),
    seeds: quick ? { 1: 1, 5: 1, 20: 1 } : seedsOf(values.seeds),
    threads,
    resume: values.resume ?? null,
    measured: values.measured ?? null,
    json: values.json ?? false,
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: text,
        out: text,
        only: text,
        volumes: text,
        seeds: text,
        'cold-starts': text,
        quick: flag,
        threads: text,
        resume: text,
        measured: text,
        json: flag,
        help: flag,
      },
    });
  } catch (reason) {
    throw new ScalerError('invalid', reason instanceof Error ? reason.message : String(reason));
  }
}

function workloadsOf(only: string | undefined, data: string | null): readonly Workload[] {
  const asked = only?.split(',') ?? NAMES;
  const unknown = asked.find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    throw new ScalerError(
      'invalid',
      `--only: must be some of ${NAMES.join(', ')}, was ${unknown}${didYouMean(unknown, NAMES)}`,
    );
  const found = WORKLOADS.filter(
    ({ name, file }) => asked.includes(name) && (data !== null || file === null),
  );
  if (found.length === 0) throw new ScalerError('invalid', '--only: recorded traces need --data DIR');
  return found;
}

function volumesOf(text: string | undefined): readonly Volume[] {
  if (text === undefined) return VOLUMES;
  const asked = text.split(',').map(Number);
  const known = VOLUMES.filter((volume) => asked.includes(volume));
  if (known.length !== asked.length)
    throw new ScalerError('invalid', `--volumes: must be some of ${VOLUMES.join(',')}, was ${text}`);
  return known;
}

function seedsOf(text: string | undefined): Options['seeds'] {
  if (text === undefined) return SEEDS;
  const counts = text.split(',').map((each) => whole('--seeds', each));
  if (counts.length !== VOLUMES.length || counts.some((count) => count < 1 || count > 100))
    throw new ScalerError('invalid', `--seeds: must be ${VOLUMES.length} numbers from 1 to 100, was ${text}`);
  const [once = 1, five = 1, twenty = 1] = counts;
  return { 1: once, 5: five, 20: twenty };
}

function coldStartsOf(text: string | undefined): Options['coldStarts'] {
  const groups =
    text?.split(',').map((group) => group.split('+').map(Number)) ?? VOLUMES.map(() => COLD_STARTS);
  const known = (group: readonly number[] = []) => COLD_STARTS.filter((seconds) => group.includes(seconds));
  if (groups.length !== VOLUMES.length || groups.some((group) => known(group).length !== group.length))
    throw new ScalerError(
      'invalid',
      `--cold-starts: must be ${VOLUMES.length} lists of ${COLD_STARTS.join('+')}, was ${text}`,
    );
  return { 1: known(groups[0]), 5: known(groups[1]), 20: known(groups[2]) };
}

function whole(name: string, text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new ScalerError('invalid', `${name}: must be a whole number, was ${text}`);
}
