import { parseDate } from '../calendar/civil-date.ts';
import { parseWallTime } from '../calendar/hours.ts';
import { parseDuration } from '../core/duration.ts';
import type { Issue } from './issue.ts';

/**
 * Ends each issue of a value that somebody wrote in another notation with what to write instead: dates the way their
 * country writes them, times that a YAML 1.1 tool has turned into numbers, `no` for false.
 */
export function withRepairs(issues: readonly Issue[], document: unknown): readonly Issue[] {
  return issues.map((issue) => {
    if (issue.message.includes('(')) return issue;
    const repair = repairOf(fieldOf(issue), valueAt(document, issue.path), issue.message);
    return repair === undefined ? issue : { ...issue, message: `${issue.message} (${repair})` };
  });
}

/** The last key of the path that is no index: `hours` for hours.1 too. */
function fieldOf({ path }: Issue): string {
  return String(path.findLast((key) => typeof key === 'string') ?? '');
}

function repairOf(field: string, value: unknown, message: string): string | undefined {
  if (message.startsWith('must be a date')) return ofDate(value);
  if (message.startsWith('must be a quoted wall time')) return ofTime(value);
  if (message.startsWith('must be quoted hours')) return ofHours(value);
  if (message.startsWith('must be true or false')) return ofBoolean(value);
  if (/^must be .*a duration/.test(message)) return ofDuration(value);
  return field === 'hours' && typeof value === 'number'
    ? 'write both times as quoted text, "09:30-16:00"'
    : undefined;
}

const didYouMean = (texts: readonly string[]): string | undefined =>
  texts.length === 0 ? undefined : `did you mean ${texts.join(' or ')}?`;

function ofDate(value: unknown): string | undefined {
  const text = String(value).trim();
  if (typeof value === 'string' && parseDuration(text) !== undefined && text !== '0')
    return 'that is a duration: a date is written 2026-11-27';
  const dates = [...new Set(dateReadings(text))].filter((each) => parseDate(each) !== undefined);
  return didYouMean(dates);
}

/** What dates a text may mean; two where day and month may be either. */
function dateReadings(text: string): readonly string[] {
  const iso = /^(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})(?:[T ].*)?$/.exec(text);
  if (iso) return [isoDate(iso[1], iso[2], iso[3])];
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text);
  if (dotted) return [isoDate(dotted[3], dotted[2], dotted[1])];
  const other = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$/.exec(text);
  return other ? [isoDate(other[3], other[1], other[2]), isoDate(other[3], other[2], other[1])] : [];
}

function isoDate(year = '', month = '', day = ''): string {
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

function ofTime(value: unknown): string | undefined {
  return didYouMean(timeReadings(value).map((text) => JSON.stringify(text)));
}

/** 780 is how YAML 1.1 reads 13:00 (base 60), and 1300 and 13.30 how some write it. */
function timeReadings(value: unknown): readonly string[] {
  const readings: string[] = [];
  if (typeof value === 'number' && value > 0 && value < 24 && !Number.isInteger(value))
    readings.push(clock(Math.floor(value), Math.round((value % 1) * 100)));
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) {
    if (value >= 100 && value <= 2400) readings.push(clock(Math.floor(value / 100), value % 100));
    readings.push(clock(Math.floor(value / 60), value % 60));
  }
  const match = /^(\d{1,2})(?:[:.h](\d{2}))?(?::00)?\s*(am|pm)?$/i.exec(String(value).trim());
  if (typeof value === 'string' && match) {
    const half = match[3]?.toLowerCase();
    const hour = Number(match[1]);
    if (match[2] !== undefined || half !== undefined)
      readings.push(
        clock(half === undefined ? hour : (hour % 12) + (half === 'pm' ? 12 : 0), Number(match[2] ?? 0)),
      );
  }
  return [...new Set(readings)].filter((text) => parseWallTime(text) !== undefined);
}

function clock(hours: number, minutes: number): string {
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}

function ofHours(value: unknown): string | undefined {
  const parts = String(value)
    .trim()
    .split(/\s*(?:-|–|—|\bto\b)\s*/);
  const [open, close] = parts.map((part) => timeReadings(part)[0]);
  if (parts.length !== 2 || open === undefined || close === undefined) return undefined;
  return didYouMean([JSON.stringify(`${open}-${close}`)]);
}

function ofBoolean(value: unknown): string | undefined {
  if (/^(no|off|n)$/i.test(String(value))) return `YAML 1.2 reads ${value} as text: write false`;
  return /^(yes|on|y)$/i.test(String(value)) ? `YAML 1.2 reads ${value} as text: write true` : undefined;
}

function ofDuration(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const compact = value
    .toLowerCase()
    .replace(/,/g, '.')
    .replace(/\s+/g, '')
    .replace(/h(ou)?rs?(?![a-z])/g, 'h')
    .replace(/min(ute)?s?(?![a-z])/g, 'm')
    .replace(/sec(ond)?s?(?![a-z])/g, 's');
  const base60 = /^(\d{1,2}):(\d{2})$/.exec(value);
  const readings = base60 ? [`${Number(base60[1])}h${Number(base60[2])}m`.replace(/^0h/, '')] : [compact];
  return didYouMean(
    readings.filter((text) => text !== value && parseDuration(text)).map((text) => JSON.stringify(text)),
  );
}

function valueAt(document: unknown, path: Issue['path']): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Readonly<Record<string | number, unknown>>)[key]
        : undefined,
    document,
  );
}
