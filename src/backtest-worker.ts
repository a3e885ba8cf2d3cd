import { workerData } from 'node:worker_threads';
import type { Calendar } from './calendar/calendar.ts';
import { loadCalendarFile } from './config/load-calendar.ts';
import { answerJobs } from './simulate/backtest/answer-jobs.ts';
import type { Common } from './simulate/backtest/job.ts';

/** One thread of a backtest: jobs come in one after the other, progress and outcomes go out. */
const { trace, data } = workerData as {
  readonly trace: Common['trace'];
  readonly data: { readonly calendarFile: string | null };
};
answerJobs({ trace, calendar: await calendarOf(data.calendarFile) });

/** Functions do not travel to a thread: each reads the file again, which the main thread has checked. */
async function calendarOf(file: string | null): Promise<Calendar | null> {
  if (file === null) return null;
  const loaded = await loadCalendarFile(file);
  return 'calendar' in loaded ? loaded.calendar : null;
}
