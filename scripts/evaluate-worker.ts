import { parentPort, workerData } from 'node:worker_threads';
import { type Common, runJob } from '../src/simulate/backtest/job.ts';
import type { FromWorker, ToWorker } from '../src/simulate/backtest/run-jobs.ts';
import { type CalendarFiles, loadCalendar, loadCalendars } from './evaluate-calendars.ts';

/** What a thread needs beside the trace. */
export interface WorkerInput {
  readonly market: string | null;
  readonly calendars: CalendarFiles;
  readonly history: NonNullable<Common['history']>;
}

const { trace, data } = workerData as { readonly trace: Common['trace']; readonly data: WorkerInput };
const common: Common = {
  trace,
  calendar: data.market === null ? null : await loadCalendar(data.market),
  calendars: await loadCalendars(data.calendars),
  history: data.history,
};
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
