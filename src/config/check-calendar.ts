import { reviewCalendar } from '../calendar/review.ts';
import { CalendarDocument } from '../calendar/schema.ts';
import { formatInstant } from '../core/instant.ts';
import type { Issue } from './issue.ts';
import { readCalendar } from './load-calendar.ts';

/** Everything to say of one calendar: what loading says, and of a sound one what a reviewer would ask. `now` is epoch ms. */
export function calendarIssues(value: unknown, now: number): readonly Issue[] {
  const { value: calendar, issues } = readCalendar(value, now);
  const parsed = calendar && CalendarDocument.safeParse(value);
  if (!calendar || !parsed?.success) return issues;
  const today = formatInstant(now).slice(0, 10);
  return [...issues, ...reviewCalendar({ document: parsed.data, calendar, today })];
}
