import { parentPort, workerData } from 'node:worker_threads';
import type { Calendar } from '../calendar/calendar.ts';
import { loadCalendarFile } from '../config/load-calendar.ts';
import { type Common, runJob } from '../simulate/backtest/job.ts';
import type { FromWorker, ToWorker } from '../simulate/backtest/run-jobs.ts';

/** One thread of a backtest: jobs come in one after the other, progress and outcomes go out. */
const { trace, data } = workerData as {
  readonly trace: Common['trace'];
  readonly data: { readonly calendarFile: string | null };
};
const common: Common = { trace, calendar: await calendarOf(data.calendarFile) };
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

/** Functions do not travel to a thread: each reads the file again, which the main thread has checked. */
async function calendarOf(file: string | null): Promise<Calendar | null> {
  if (file === null) return null;
  const loaded = await loadCalendarFile(file);
  return 'calendar' in loaded ? loaded.calendar : null;
}
