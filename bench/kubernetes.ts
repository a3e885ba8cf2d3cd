import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startChild } from './support/child.ts';
import { CLUSTER } from './support/kubernetes-world.ts';
import { type BenchResult, type Row, spreadOf } from './support/result.ts';

const RUNS = 3;
const MOST = { rssMb: 250, eventUs: 50, createMs: 20 };

interface Measured {
  /** ms until the constructor returned; the list comes after it. */
  readonly creating: number;
  readonly listing: number;
  /** Longest time that the event loop did not turn while it listed, ms. */
  readonly longest: number;
  /** µs of CPU, the reading of the socket included. */
  readonly perEvent: number;
  /** µs */
  readonly viewing: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly bare: number;
}

/** The watches alone, in a process of their own, on 2,000 ScaledObjects and 20,000 pods of 10 kB. */
export async function benchKubernetes(): Promise<BenchResult> {
  const server = await startChild('./kubernetes-server.ts');
  const runs: Measured[] = [];
  try {
    for (let run = 0; run < RUNS; run += 1) runs.push(await watch(server.address));
  } finally {
    await server.stop();
  }
  const of = (value: (run: Measured) => number) => spreadOf(runs.map(value));
  const rows: Row[] = [
    bounded(
      'CPU of a pod event',
      'µs',
      of((run) => run.perEvent),
      MOST.eventUs,
    ),
    bounded(
      'resident memory',
      'MB',
      of((run) => run.rss / 2 ** 20),
      MOST.rssMb,
    ),
    { what: 'of which before anything was watched', unit: 'MB', value: of((run) => run.bare / 2 ** 20) },
    { what: 'heap in use', unit: 'MB', value: of((run) => run.heapUsed / 2 ** 20) },
    bounded(
      'start until it serves',
      'ms',
      of((run) => run.creating),
      MOST.createMs,
    ),
    { what: 'until all is listed', unit: 'ms', value: of((run) => run.listing) },
    { what: 'event loop blocked while listing, longest', unit: 'ms', value: of((run) => run.longest) },
    { what: 'facts of a fleet', unit: 'µs', value: of((run) => run.viewing) },
  ];
  const { fleets, podsEach } = CLUSTER;
  return {
    name: 'kubernetes',
    rows,
    how: `${fleets} ScaledObjects, HPAs and Deployments, ${fleets * podsEach} pods of 10 kB, 50,000 events; ${RUNS} processes`,
  };
}

async function watch(server: string): Promise<Measured> {
  const file = fileURLToPath(new URL('./support/kubernetes-watcher.ts', import.meta.url));
  const run = await promisify(execFile)(process.execPath, ['--import', 'tsx', file, server], {
    timeout: 300_000,
  });
  return JSON.parse(run.stdout) as Measured;
}

function bounded(what: string, unit: string, value: Row['value'], most: number): Row {
  return { what, unit, value, target: `<= ${most}`, reached: value.median <= most };
}
