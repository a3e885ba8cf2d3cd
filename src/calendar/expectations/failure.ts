import type { Calendar } from '../calendar.ts';
import type { CalendarDocument } from '../schema.ts';
import type { Zone } from '../wall-time.ts';

/** One expectation that the calendar does not meet. */
export interface Failure {
  /** Inside the test document: `['expect', 3, 'floor']`. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly got: string;
  /** Of what: an instant on the calendar's clock and in UTC, or a session and its date. */
  readonly of: string;
  /** The window or row responsible, with its place in the calendar file. */
  readonly why: string;
}

export interface TestedCalendar {
  readonly calendar: Calendar;
  readonly zone: Zone;
  readonly document: CalendarDocument;
  /** Where something stands in the calendar file: `us-equities.yaml:52`. */
  placeOf(path: readonly (string | number)[]): string;
}

export function failureText({ expected, got, of, why }: Failure): string {
  return `expected ${expected}, got ${got} ${of}: ${why}`;
}
