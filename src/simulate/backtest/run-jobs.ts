import type { Worker } from 'node:worker_threads';
import { startWorker } from '../../serve/start-worker.ts';
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
  options: RunJobsOptions,
  told: Told,
): Promise<readonly JobOutcome[] | null> {
  const threads = openThreads({ ...options, threads: Math.min(options.threads, jobs.length) });
  try {
    return await threads.run(jobs, told);
  } finally {
    await threads.close();
  }
}

/** Worker threads that stay for one list of jobs after another, since each takes a second to start. */
export interface Threads {
  /** Outcomes in the jobs' order; null when `signal` ended it. */
  run(
    jobs: readonly Job[],
    told?: (index: number, share: number) => void,
  ): Promise<readonly JobOutcome[] | null>;
  close(): Promise<void>;
}

export function openThreads({
  threads,
  worker: { script, data },
  common,
  signal,
}: Pick<RunJobsOptions, 'threads' | 'worker' | 'common' | 'signal'>): Threads {
  const workers = Array.from({ length: threads }, () => startWorker(script, { trace: common.trace, data }));
  const close = async () => {
    signal?.removeEventListener('abort', close);
    await Promise.all(workers.map((worker) => worker.terminate()));
  };
  signal?.addEventListener('abort', close, { once: true });
  return {
    close,
    async run(jobs, told = () => undefined) {
      if (signal?.aborted) return null;
      const queue: Queue = { jobs, outcomes: new Array<JobOutcome | undefined>(jobs.length), next: 0, told };
      await Promise.all(workers.map((worker) => feed(worker, queue)));
      const known = queue.outcomes.filter((outcome) => outcome !== undefined);
      return known.length === jobs.length ? known : null;
    },
  };
}

interface Queue {
  readonly jobs: readonly Job[];
  readonly outcomes: (JobOutcome | undefined)[];
  next: number;
  readonly told: Told;
}

/** Gives a worker one job after the other until none is left, or it is gone. */
function feed(worker: Worker, queue: Queue): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = () => {
      const job = queue.jobs[queue.next];
      if (job === undefined) return end(null);
      worker.postMessage({ index: queue.next++, job } satisfies ToWorker);
    };
    const take = (message: FromWorker) => {
      if (message.kind === 'progress') return queue.told(message.index, Math.min(message.share, 0.999));
      if (message.kind === 'failed') return end(new Error(message.message));
      queue.outcomes[message.index] = message.outcome;
      queue.told(message.index, 1);
      give();
    };
    const left = () => end(null);
    const end = (error: Error | null) => {
      worker.off('message', take).off('error', end).off('exit', left);
      if (error === null) resolve();
      else reject(error);
    };
    worker.on('message', take).once('error', end).once('exit', left);
    give();
  });
}
