import {
  type CalendarDocument,
  type CloseRow,
  type EventRow,
  type ExtraSession,
  type Holiday,
  LIMITS,
  type OpenRow,
  PARTS,
  type SessionEntry,
  type Window,
} from './schema.ts';

/**
 * A document part by part, null where a part is broken. The semantic checks run on it, so that a file with a wrong key
 * in one row still hears about the early close of another: every error at once.
 */
export interface Draft {
  readonly calendar: string;
  readonly timezone: string | null;
  readonly covers: { readonly from: string; readonly to: string } | null;
  readonly sessions: ReadonlyMap<string, SessionEntry | readonly SessionEntry[] | null>;
  readonly holidays: readonly (Holiday | null)[];
  readonly earlyCloses: readonly (CloseRow | null)[];
  readonly lateOpens: readonly (OpenRow | null)[];
  readonly lateCloses: readonly (CloseRow | null)[];
  readonly extraSessions: readonly (ExtraSession | null)[];
  readonly events: readonly (EventRow | null)[];
  readonly windows: readonly (Window | null)[];
}

export function draftOf(document: CalendarDocument): Draft {
  return {
    calendar: document.calendar,
    timezone: document.timezone,
    covers: document.covers ?? null,
    sessions: new Map(Object.entries(document.sessions ?? {})),
    holidays: document.holidays ?? [],
    earlyCloses: document.earlyCloses ?? [],
    lateOpens: document.lateOpens ?? [],
    lateCloses: document.lateCloses ?? [],
    extraSessions: document.extraSessions ?? [],
    events: document.events ?? [],
    windows: document.windows ?? [],
  };
}

/** What is sound of a document that the schema refuses; of a list that is too long only the part within its limit. */
export function soundParts(input: unknown): Draft {
  const fields = isMap(input) ? input : {};
  const rows = <T>(list: Exclude<keyof typeof PARTS, 'sessions' | 'timezone' | 'covers'>, part: Part<T>) => {
    const value = fields[list];
    return (Array.isArray(value) ? value : []).slice(0, LIMITS.rows).map((row) => sound(part, row));
  };
  const sessions = isMap(fields.sessions) ? Object.entries(fields.sessions) : [];
  return {
    calendar: typeof fields.calendar === 'string' ? fields.calendar : '',
    timezone: sound(PARTS.timezone, fields.timezone),
    covers: sound(PARTS.covers, fields.covers),
    sessions: new Map(
      sessions.slice(0, LIMITS.sessions).map(([name, value]) => [name, sound(PARTS.sessions, value)]),
    ),
    holidays: rows('holidays', PARTS.holidays),
    earlyCloses: rows('earlyCloses', PARTS.earlyCloses),
    lateOpens: rows('lateOpens', PARTS.lateOpens),
    lateCloses: rows('lateCloses', PARTS.lateCloses),
    extraSessions: rows('extraSessions', PARTS.extraSessions),
    events: rows('events', PARTS.events),
    windows: rows('windows', PARTS.windows).slice(0, LIMITS.windows),
  };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Part<T> {
  safeParse(value: unknown): { success: boolean; data?: T };
}

function sound<T>(part: Part<T>, value: unknown): T | null {
  const result = part.safeParse(value);
  return result.success ? (result.data ?? null) : null;
}
