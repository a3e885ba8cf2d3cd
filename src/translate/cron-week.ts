export const WEEK_MINUTES = 7 * 1440;
const NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** More in one week is a clock that ticks, and nobody's hours. */
const MOST_FIRINGS = 200;

/**
 * The minutes of a week, from Sunday 00:00, at which a cron expression of KEDA's (five fields) fires; or why it cannot be
 * said for every week alike, as the end of a sentence.
 */
export function cronWeek(expression: string): readonly number[] | { readonly why: string } {
  const fields = expression.trim().split(/\s+/);
  const [minute = '', hour = '', date = '', month = '', weekday = ''] = fields;
  if (fields.length !== 5) return { why: 'is not a cron expression of five fields' };
  if (![date, month].every((field) => field === '*' || field === '?'))
    return { why: 'names days of the month or months: write those dates as events' };
  const minutes = fieldValues(minute, { from: 0, to: 59 });
  const hours = fieldValues(hour, { from: 0, to: 23 });
  const days = fieldValues(
    weekday.replace(/[a-z]{3}/gi, (name) => String(Math.max(0, NAMES.indexOf(name.toLowerCase())))),
    { from: 0, to: 7 },
  );
  if (!minutes || !hours || !days) return { why: 'is not a cron expression that can be read' };
  if (minutes.length * hours.length * days.length > MOST_FIRINGS)
    return { why: `fires more than ${MOST_FIRINGS} times a week` };
  const firings = days.flatMap((day) =>
    hours.flatMap((each) => minutes.map((at) => (day % 7) * 1440 + each * 60 + at)),
  );
  return [...new Set(firings)].sort((a, b) => a - b);
}

function fieldValues(
  field: string,
  { from, to }: { readonly from: number; readonly to: number },
): readonly number[] | null {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const match = /^(?:(\*|\?)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
    if (!match) return null;
    const step = match[4] === undefined ? 1 : Number(match[4]);
    const first = match[1] === undefined ? Number(match[2]) : from;
    // `5/15` runs on to the end of the field, `5` does not.
    const open = match[1] !== undefined || (match[3] === undefined && match[4] !== undefined);
    const last = open ? (to === 7 ? 6 : to) : Number(match[3] ?? match[2]);
    if (step < 1 || first < from || last > to || first > last) return null;
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return [...values];
}

/** Minutes of the week; `to` may lie in the next one. */
export interface WeekSpan {
  readonly from: number;
  readonly to: number;
}

export interface CronHours {
  /** From a start to the end that follows it, as KEDA holds the replicas. Ascending, none touching another. */
  readonly spans: readonly WeekSpan[];
  /** When KEDA holds them although no start precedes: after an end that is followed by another end. */
  readonly bleeds: readonly WeekSpan[];
  /** Starts that KEDA passes over, because another start comes before the next end. */
  readonly passed: readonly number[];
}

/** KEDA's rule: a trigger is active while its next end comes no later than its next start (cron_scaler.go). */
export function cronHours(starts: readonly number[], ends: readonly number[]): CronHours {
  const times = [...new Set([...starts, ...ends])].sort((a, b) => a - b);
  const spans: WeekSpan[] = [];
  const bleeds: WeekSpan[] = [];
  const passed: number[] = [];
  for (const [index, from] of times.entries()) {
    const next = times[index + 1];
    const to = next ?? (times[0] ?? 0) + WEEK_MINUTES;
    const isActive = ends.includes(to % WEEK_MINUTES);
    if (isActive) (starts.includes(from) ? spans : bleeds).push({ from, to });
    else if (starts.includes(from)) passed.push(from);
  }
  return { spans: joined(spans), bleeds: joined(bleeds), passed };
}

/** Where one trigger ends and starts in the same minute nothing is in between; the week's last may touch its first. */
function joined(spans: readonly WeekSpan[]): readonly WeekSpan[] {
  const found: { from: number; to: number }[] = [];
  for (const { from, to } of spans) {
    const last = found.at(-1);
    if (last && last.to === from) last.to = to;
    else found.push({ from, to });
  }
  const [first, last] = [found[0], found.at(-1)];
  if (first && last && first !== last && last.to === first.from + WEEK_MINUTES) {
    last.to = first.to + WEEK_MINUTES;
    found.shift();
  }
  return found;
}
