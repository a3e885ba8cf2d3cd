import { Worker } from 'node:worker_threads';
import type { Common, Job, JobOutcome } from './job.ts';
import { runJob } from './job.ts';

/** How far all jobs are, 0..1, and which of them have ended. */
export interface Progress {
  readonly share: number;
  readonly done: number;
  readonly jobs: number;
}

export interface RunJobsOptions {
  readonly common: Common;
  /** Worker threads; 0 runs everything in this one. */
  readonly threads: number;
  /** The worker's script and what it needs beside the trace to make `common` again. */
  readonly worker: { readonly script: URL; readonly data: unknown };
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** What main thread and worker say to each other. */
export type ToWorker = { readonly index: number; readonly job: Job };
export type FromWorker =
  | { readonly kind: 'progress'; readonly index: number; readonly share: number }
  | { readonly kind: 'done'; readonly index: number; readonly outcome: JobOutcome }
  | { readonly kind: 'failed'; readonly index: number; readonly message: string };

/** Outcomes of all jobs in their order, whoever computed them; null when `signal` ended it. */
export async function runJobs(
  jobs: readonly Job[],
  options: RunJobsOptions,
): Promise<readonly JobOutcome[] | null> {
  const shares = new Float64Array(jobs.length);
  const told = (index: number, share: number) => {
    shares[index] = share;
    options.onProgress?.({
      share: shares.reduce((sum, value) => sum + value, 0) / jobs.length,
      done: shares.filter((value) => value === 1).length,
      jobs: jobs.length,
    });
  };
  if (options.threads === 0) return runHere(jobs, options, told);
  return runInWorkers(jobs, options, told);
}

type Told = (index: number, share: number) => void;

async function runHere(
  jobs: readonly Job[],
  { common, signal }: RunJobsOptions,
  told: Told,
): Promise<readonly JobOutcome[] | null> {
  const outcomes: JobOutcome[] = [];
  for (const [index, job] of jobs.entries()) {
    // A turn of the event loop between two jobs, so that a signal can be seen.
    await new Promise((resolve) => setImmediate(resolve));
    const outcome = signal?.aborted
      ? null
      : runJob(job, common, {
          onProgress(share) {
            told(index, Math.min(share, 0.999));
            return true;
          },
        });
    if (outcome === null) return null;
    told(index, 1);
    outcomes.push(outcome);
  }
  return outcomes;
}

async function runInWorkers(
  jobs: readonly Job[],
  { threads, worker: { script, data }, common, signal }: RunJobsOptions,
  told: Told,
): Promise<readonly JobOutcome[] | null> {
  const outcomes = new Array<JobOutcome | undefined>(jobs.length);
  const workers = Array.from({ length: Math.min(threads, jobs.length) }, () =>
    startWorker(script, { trace: common.trace, data }),
  );
  let next = 0;
  const stop = () => Promise.all(workers.map((worker) => worker.terminate()));
  const feed = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      const give = () => {
        const job = jobs[next];
        if (job === undefined) return resolve();
        worker.postMessage({ index: next++, job } satisfies ToWorker);
      };
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'progress') return told(message.index, Math.min(message.share, 0.999));
        if (message.kind === 'failed') return reject(new Error(message.message));
        outcomes[message.index] = message.outcome;
        told(message.index, 1);
        give();
      });
      worker.once('error', reject);
      worker.once('exit', () => resolve());
      give();
    });
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (signal?.aborted) return null;
    await Promise.all(workers.map(feed));
  } finally {
    signal?.removeEventListener('abort', stop);
    await stop();
  }
  const known = outcomes.filter((outcome) => outcome !== undefined);
  return known.length === jobs.length ? known : null;
}

/** In a checkout the script is TypeScript, and the loader of the main thread does not reach its threads. */
function startWorker(script: URL, workerData: unknown): Worker {
  if (!script.pathname.endsWith('.ts')) return new Worker(script, { workerData });
  const loader = import.meta.resolve('tsx/esm/api');
  const code = `import(${JSON.stringify(loader)}).then(({ register }) => (register(), import(${JSON.stringify(script.href)})));`;
  return new Worker(code, { eval: true, workerData });
}
