import { parentPort } from 'node:worker_threads';
import { type Common, runJob } from './job.ts';
import type { FromWorker, ToWorker } from './run-jobs.ts';

/** What a worker's script does: jobs come in one after the other, progress and outcomes go out. */
export function answerJobs(common: Common): void {
  const tell = (message: FromWorker) => parentPort?.postMessage(message);
  parentPort?.on('message', ({ index, job }: ToWorker) => {
    try {
      const outcome = runJob(job, common, {
        onProgress(share) {
          tell({ kind: 'progress', index, share });
          return true;
        },
      });
      if (outcome !== null) tell({ kind: 'done', index, outcome });
    } catch (reason) {
      tell({ kind: 'failed', index, message: reason instanceof Error ? reason.message : String(reason) });
    }
  });
}
