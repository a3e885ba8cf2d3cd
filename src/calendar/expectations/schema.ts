import { z } from 'zod';
import { Duration } from '../../core/duration-schema.ts';
import { PolicyFields } from '../../core/policy.ts';
import { CalendarDate, Hours, Name, text, WallTime } from '../schema.ts';

const Replicas = z
  .int({ error: 'must be a whole number of replicas' })
  .min(0, { error: 'must be 0 or more' });

const At = text(
  'a wall time "2026-11-27 13:00" in the calendar\'s zone, or an instant "2026-11-27T18:00:00Z"',
  /^\d{4}-\d{2}-\d{2}( ([01]\d|2[0-3]):[0-5]\d|T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))$/i,
  ['2026-11-27 13:00', '2026-11-27T18:00:00Z'],
);

/** What may be expected of one instant; a row names some of them. */
const BOUNDS_EXPECTED = {
  floor: Replicas.optional().describe('The floor asked for, 0 for none.'),
  ceiling: z
    .union([Replicas, z.literal('none'), z.null()])
    .optional()
    .describe('The ceiling in force; none for none.'),
  windows: z.array(Name).optional().describe('Names of all windows in force or led in, in any order.'),
  policy: PolicyFields.omit({ calendar: true, mode: true, signals: true })
    .optional()
    .describe('All overrides in force; {} for none.'),
  covered: z.boolean().optional().describe('Whether the instant lies within covers.'),
};

const BoundsRow = z
  .strictObject({
    at: At.describe(
      "Wall time in the calendar's zone (the first of two in autumn), or an instant with its offset.",
    ),
    lead: Duration.optional().describe('What lead: auto stands for in this row; default 0s.'),
    ...BOUNDS_EXPECTED,
  })
  .refine((row) => Object.keys(BOUNDS_EXPECTED).some((key) => key in row), {
    error: `must expect something of the instant: ${Object.keys(BOUNDS_EXPECTED).join(', ')}`,
  })
  .describe('What capacity is asked for at an instant.');
export type BoundsRow = z.infer<typeof BoundsRow>;

const SESSION_EXPECTED = {
  opens: WallTime.optional().describe('When the first interval opens; +1d is the day after the opening day.'),
  closes: WallTime.optional().describe('When the last interval closes, counted from the opening day.'),
  intervals: Hours.optional().describe('All intervals, counted from the opening day.'),
  closed: z
    .literal(true, { error: 'must be true (leave it out for a day with a session)' })
    .optional()
    .describe('There is no session of that date.'),
};

const SessionRow = z
  .strictObject({ session: Name, date: CalendarDate.describe("The session's date."), ...SESSION_EXPECTED })
  .refine((row) => Object.keys(SESSION_EXPECTED).some((key) => key in row), {
    error: `must expect something of the session: ${Object.keys(SESSION_EXPECTED).join(', ')}`,
  })
  .refine((row) => row.closed === undefined || !('opens' in row || 'closes' in row || 'intervals' in row), {
    error: 'must not expect hours of a session that is closed',
  })
  .describe('When a session of a date opens and closes.');
export type SessionRow = z.infer<typeof SessionRow>;

export const LIMITS = { expectations: 10_000 } as const;

/** A `*.test.yaml` file: what a calendar must answer, as promtool's tests are for rules. */
export const CalendarTest = z
  .strictObject({
    calendar: z
      .string({ error: 'must be the path of the calendar file, relative to this one' })
      .min(1)
      .max(4_096)
      .describe('Path of the calendar file, relative to this one.')
      .meta({ examples: ['us-equities.yaml'] }),
    expect: z
      .array(z.union([BoundsRow, SessionRow]))
      .min(1, { error: 'must expect something' })
      .max(LIMITS.expectations)
      .describe('What the calendar must answer, each row by itself.'),
  })
  .meta({
    title: 'Bellwether calendar test',
    description: 'What a calendar must answer: bounds at instants, hours of sessions.',
    examples: [
      {
        calendar: 'us-equities.yaml',
        expect: [
          { at: '2026-11-27 12:59', floor: 2, windows: ['market-hours'] },
          { session: 'regular', date: '2026-11-27', closes: '13:00' },
        ],
      },
    ],
  });
export type CalendarTest = z.infer<typeof CalendarTest>;
