import { workerData } from 'node:worker_threads';
import { answerJobs } from '../src/simulate/backtest/answer-jobs.ts';
import type { Common } from '../src/simulate/backtest/job.ts';
import { type CalendarFiles, loadCalendar, loadCalendars } from './evaluate-calendars.ts';

/** What a thread needs beside the trace. */
export interface WorkerInput {
  readonly market: string | null;
  readonly calendars: CalendarFiles;
  readonly history: NonNullable<Common['history']>;
}

const { trace, data } = workerData as { readonly trace: Common['trace']; readonly data: WorkerInput };
answerJobs({
  trace,
  calendar: data.market === null ? null : await loadCalendar(data.market),
  calendars: await loadCalendars(data.calendars),
  history: data.history,
});
