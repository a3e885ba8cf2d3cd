import { type ScheduledTask, schedule as scheduleCron } from 'node-cron';
import type { Logger } from 'pino';
import type { Revision } from '../config/revision.ts';
import { formatInstant } from '../core/instant.ts';

/** How long before the end of a calendar's coverage the warnings begin. */
const NOTICE = 90 * 24 * 3_600_000;
/** Fleets that nobody has asked for this long are forgotten. */
const IDLE = 3_600_000;

export interface HousekeepingOptions {
  readonly log: Logger;
  readonly now: () => number;
  readonly revision: () => Revision;
  /** Forgets fleets idle for that many ms; returns how many. */
  readonly forget: (idleMs: number) => number;
}

export interface Housekeeping {
  /** Warns now of every calendar whose coverage has ended or ends soon. */
  warnCoverage(): void;
  /** Schedules again for the zones of a new revision. */
  reschedule(): void;
  stop(): void;
}

/**
 * What may be late without harm, by cron: each morning at 07:00 of a calendar's own zone a warning when its coverage
 * ends, and every ten minutes fleets that nobody asks for are forgotten. Decisions never wait for a cron job.
 */
export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  const forgetting = scheduleCron('*/10 * * * *', () => {
    const dropped = options.forget(IDLE);
    if (dropped > 0) options.log.info({ dropped }, 'forgot fleets that nobody asked for');
  });
  let mornings: ScheduledTask[] = [];
  const stopMornings = (): void => {
    for (const task of mornings) void task.destroy();
  };
  const schedule = (): void => {
    stopMornings();
    const zones = new Set([...options.revision().calendars.values()].map(({ timezone }) => timezone));
    mornings = [...zones].map((timezone) =>
      scheduleCron('0 7 * * *', () => warnCoverage(options, timezone), { timezone }),
    );
  };
  schedule();
  return {
    warnCoverage: () => warnCoverage(options),
    reschedule: schedule,
    stop() {
      stopMornings();
      void forgetting.destroy();
    },
  };
}

/** Warns for each calendar (of `timezone`, or all) whose coverage has ended or ends within 90 days. */
function warnCoverage({ log, now, revision }: HousekeepingOptions, timezone?: string): void {
  for (const calendar of revision().calendars.values()) {
    const { name: calendarName, coveredUntil } = calendar;
    if (coveredUntil === null || (timezone !== undefined && calendar.timezone !== timezone)) continue;
    const left = coveredUntil - now();
    if (left > NOTICE) continue;
    const fields = {
      calendar: calendarName,
      coveredUntil: formatInstant(coveredUntil),
      days: Math.ceil(left / 86_400_000),
    };
    if (left <= 0)
      log.error(fields, 'calendar coverage has ended: only its weekly shape is left, holidays are unknown');
    else log.warn(fields, 'calendar coverage ends soon');
  }
}
