import { z } from 'zod';
import { Duration } from '../core/duration-schema.ts';
import { PolicyFields } from '../core/policy.ts';
import { parseDate } from './civil-date.ts';
import { ANCHOR, DAYS, HOURS, WALL_TIME } from './hours.ts';

/** Limits that keep any document quick to compile; far above what an exchange needs. */
export const LIMITS = { rows: 2_000, sessions: 32, windows: 64, entries: 32, intervals: 16 } as const;

/** Text of one form: the rule is the whole message, whatever is wrong with it. */
export function text(rule: string, pattern: RegExp, examples: readonly string[]) {
  const error = `must be ${rule}`;
  return z
    .string({ error })
    .regex(pattern, { error })
    .meta({ examples: [...examples] });
}

function list<T extends z.ZodType>(row: T, max: number = LIMITS.rows) {
  return z
    .array(row)
    .max(max, { error: `must have at most ${max} entries` })
    .nullable()
    .optional();
}

/** One value or a list of them. */
function oneOrMany<T extends z.ZodType>(one: T, max: number) {
  const many = z
    .array(one)
    .min(1, { error: 'must have at least one entry' })
    .max(max, { error: `must have at most ${max} entries` });
  return z.union([one, many]);
}

export const Name = text(
  'a name of letters, digits, ".", "_" and "-", at most 63 of them',
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  ['regular', 'market-hours'],
);
const DATE_RULE = 'must be a date that exists, YYYY-MM-DD between 1970 and 2199';
export const CalendarDate = z
  .string({ error: DATE_RULE })
  .refine((value) => parseDate(value) !== undefined, { error: DATE_RULE })
  .meta({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', examples: ['2026-11-27'] });
export const WallTime = text('a quoted wall time such as "13:00" or "12:00+1d"', WALL_TIME, [
  '13:00',
  '12:00+1d',
]);
const HoursText = text('quoted hours such as "09:30-16:00" or "18:00-17:00+1d"', HOURS, [
  '09:30-16:00',
  '18:00-17:00+1d',
]);
export const Hours = oneOrMany(HoursText, LIMITS.intervals).describe(
  'Wall-clock hours, half-open; one interval or a list of them. `+1d` is the day after the opening day.',
);
const PointOfSession = text(
  '"open" or "close", with a duration added or taken off as in "open-30m"',
  ANCHOR,
  ['open-30m', 'close'],
);

const SessionEntry = z
  .strictObject({
    days: text('days such as "mon-fri", "sun,wed" or "daily"', DAYS, [
      'mon-fri',
      'sun,wed',
      'daily',
    ]).describe('Weekdays on which the session opens.'),
    hours: Hours,
    dated: z
      .enum(['open', 'close'], { error: 'must be "open" or "close"' })
      .optional()
      .describe('By which of its days a session is called; default open.'),
    from: CalendarDate.optional().describe('First session date to which this entry applies.'),
  })
  .describe('When a session opens and closes, week by week.');
export type SessionEntry = z.infer<typeof SessionEntry>;

const provenance = {
  name: z.string().max(200).optional().describe('What people call it.'),
  source: z.string().max(2_000).optional().describe('Where the date was published.'),
  expires: CalendarDate.optional().describe(
    'Confirm the row again by this date; from then on it warns and stays.',
  ),
};
const sessions = z
  .array(Name)
  .min(1, { error: 'must name at least one session' })
  .max(LIMITS.sessions)
  .optional()
  .describe('Narrows the row to these sessions.');
const dated = { date: CalendarDate.describe("The session's date."), ...provenance, sessions };

const Holiday = z.strictObject(dated);
const CloseRow = z.strictObject({ ...dated, close: WallTime.describe('Counted from the opening day.') });
const OpenRow = z.strictObject({ ...dated, open: WallTime.describe('Counted from the opening day.') });
const ExtraSession = z.strictObject({ session: Name, date: CalendarDate, hours: Hours, ...provenance });
const Event = z.strictObject({
  name: Name,
  date: CalendarDate,
  hours: Hours,
  source: provenance.source,
  expires: provenance.expires,
});
export type Holiday = z.infer<typeof Holiday>;
export type CloseRow = z.infer<typeof CloseRow>;
export type OpenRow = z.infer<typeof OpenRow>;
export type ExtraSession = z.infer<typeof ExtraSession>;
export type EventRow = z.infer<typeof Event>;

const ReplicaBound = z
  .int({ error: 'must be a whole number of replicas' })
  .min(0, { error: 'must be 0 or more' })
  .max(100_000, { error: 'must be at most 100000' });

const Lead = z
  .unknown()
  .transform((value, ctx): number | 'auto' => {
    if (value === 'auto') return value;
    const result = Duration.safeParse(value);
    if (result.success) return result.data;
    const message = (result.error.issues[0]?.message ?? 'must be a duration').replace(
      'must be',
      'must be "auto" or',
    );
    ctx.addIssue({ code: 'custom', message, input: value });
    return z.NEVER;
  })
  .meta({
    type: 'string',
    pattern: '^(auto|0|([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+)$',
    examples: ['auto', '10m'],
    description:
      "How long before the window its floor is asked for; auto is the fleet's measured cold start.",
  });

const Window = z
  .strictObject({
    name: Name,
    on: Name.optional().describe('A session or an event.'),
    outside: Name.optional().describe('A session, an event or another window: the time that it leaves over.'),
    from: PointOfSession.optional().describe(
      "Of the first open and last close of that day's session; default open.",
    ),
    to: PointOfSession.optional().describe('Default close; an early close moves it along.'),
    floor: ReplicaBound.optional().describe('At least so many replicas.'),
    ceiling: ReplicaBound.optional().describe('At most so many replicas.'),
    lead: Lead.optional(),
    policy: PolicyFields.omit({ calendar: true, mode: true, signals: true })
      .optional()
      .describe('Policy fields that hold while the window lasts.'),
    expires: CalendarDate.optional().describe('Last date on which the window applies.'),
    source: provenance.source,
  })
  .describe('What capacity does about a session or an event.');
export type Window = z.infer<typeof Window>;

const Covers = z.strictObject({ from: CalendarDate, to: CalendarDate });
const Timezone = z
  .string({ error: 'must be an IANA time zone such as "America/New_York"' })
  .max(100)
  .describe('IANA time zone of every date and wall time in this file.')
  .meta({ examples: ['America/New_York', 'Europe/London'] });

/** The parts of a document that are parsed one by one where another part is broken. */
export const PARTS = {
  timezone: Timezone,
  covers: Covers,
  sessions: oneOrMany(SessionEntry, LIMITS.entries),
  holidays: Holiday,
  earlyCloses: CloseRow,
  lateOpens: OpenRow,
  lateCloses: CloseRow,
  extraSessions: ExtraSession,
  events: Event,
  windows: Window,
} as const;

/** A calendar as people write it; `compileCalendar` checks what needs more than one value to judge. */
export const CalendarDocument = z
  .strictObject({
    calendar: Name.describe('Name by which policies and triggers refer to it.'),
    timezone: Timezone,
    covers: Covers.optional().describe('First and last date for which the dated rows are complete.'),
    sessions: z
      .record(Name, PARTS.sessions)
      .refine((sessions) => Object.keys(sessions).length <= LIMITS.sessions, {
        error: `must have at most ${LIMITS.sessions} sessions`,
      })
      .nullable()
      .optional()
      .describe('When the market, or whatever it is, is open: weekly hours by name.'),
    holidays: list(Holiday).describe('Dates without a session.'),
    earlyCloses: list(CloseRow).describe('Every interval is cut at `close`; later ones vanish.'),
    lateOpens: list(OpenRow).describe('Every interval is cut at `open`; earlier ones vanish.'),
    lateCloses: list(CloseRow).describe('The last interval runs until `close`.'),
    extraSessions: list(ExtraSession).describe(
      'Sessions on dates without one, or instead of the usual hours.',
    ),
    events: list(Event).describe('Dated things that are not sessions.'),
    windows: list(Window, LIMITS.windows).describe('What capacity does about sessions and events.'),
  })
  .meta({
    title: 'Bellwether calendar',
    description: 'Sessions, dated exceptions and the capacity windows that follow them.',
    examples: [
      {
        calendar: 'us-equities',
        timezone: 'America/New_York',
        sessions: { regular: { days: 'mon-fri', hours: '09:30-16:00' } },
        windows: [{ name: 'market-hours', on: 'regular', from: 'open-30m', floor: 2 }],
      },
    ],
  });
export type CalendarDocument = z.infer<typeof CalendarDocument>;
