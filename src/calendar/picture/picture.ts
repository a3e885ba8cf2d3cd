import type { Calendar, DatedRow } from '../calendar.ts';
import { type Day, type DayRange, formatDate, mondayOf, parseDate, weekdayOf } from '../civil-date.ts';
import { nameOf } from '../diff/days.ts';
import { rowLabel } from '../diff/sessions.ts';
import { type Step, stepsOf } from '../diff/side.ts';
import type { Zone } from '../wall-time.ts';
import { PAGE_STYLE, PICTURE_STYLE } from './style.ts';
import { element, escapeXml, moved } from './svg.ts';
import { drawWeek, GUTTER, WEEK_HEIGHT, WEEK_WIDTH } from './week.ts';

export interface PictureInput {
  readonly calendar: Calendar;
  readonly zone: Zone;
  /** Drawn as the whole weeks that they touch. */
  readonly ranges: readonly DayRange[];
  readonly autoLeadMs: number;
}

const TOP = 50;
const BREAK = 16;

/** The weeks as one SVG that needs nothing else: sessions, floors as steps, ceilings, and what is dated. */
export function pictureSvg(input: PictureInput): string {
  const { body, height } = drawing(input);
  const title = titleOf(input.calendar);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="picture" viewBox="0 0 ${WEEK_WIDTH} ${height}" width="${WEEK_WIDTH}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${PICTURE_STYLE}</style>`,
    '<defs><pattern id="closed" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="closed" width="7" height="7"/><path class="hatch" d="M0 0v7"/></pattern></defs>',
    `<rect class="paper" width="${WEEK_WIDTH}" height="${height}"/>`,
    body,
    '</svg>',
    '',
  ].join('\n');
}

/** The same picture on a page, with the dated rows as a table below. */
export function picturePage(input: PictureInput): string {
  const title = titleOf(input.calendar);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
${pictureSvg(input).trimEnd()}
${datedTable(input)}
</main>
</body>
</html>
`;
}

function titleOf({ name, timezone, covers }: Calendar): string {
  const covered = covers ? `, covers ${covers.from} to ${covers.to}` : '';
  return `${name}, times in ${timezone}${covered}`;
}

function drawing(input: PictureInput): { readonly body: string; readonly height: number } {
  const { calendar, zone } = input;
  const weeks = weeksOf(input.ranges).map((monday) => ({ monday, steps: stepsOfWeek(monday, input) }));
  const highest = Math.max(1, ...weeks.flatMap(({ steps }) => steps.map(topOf)));
  const parts: string[] = [
    element('text', { class: 'title', x: GUTTER, y: 22 }, titleOf(calendar)),
    legend(),
  ];
  let y = TOP;
  let previous: Day | null = null;
  for (const { monday, steps } of weeks) {
    if (previous !== null && monday !== previous + 7) {
      parts.push(element('path', { class: 'break', d: `M${GUTTER} ${y}h${WEEK_WIDTH - GUTTER - 8}` }));
      y += BREAK;
    }
    const sessions = calendar.sessions(formatDate(monday - 8), formatDate(monday + 14));
    const rows = rowsOf(calendar, { from: monday, to: monday + 6 });
    parts.push(moved(0, y, drawWeek(monday, { zone, sessions, rows, steps, highest })));
    y += WEEK_HEIGHT;
    previous = monday;
  }
  return { body: parts.join('\n'), height: y };
}

function weeksOf(ranges: readonly DayRange[]): readonly Day[] {
  const mondays = new Set<Day>();
  for (const { from, to } of ranges) for (let day = mondayOf(from); day <= to; day += 7) mondays.add(day);
  return [...mondays].sort((a, b) => a - b);
}

function stepsOfWeek(monday: Day, { calendar, zone, autoLeadMs }: PictureInput): readonly Step[] {
  const range = { from: zone.instant(monday, 0, 'start'), to: zone.instant(monday + 7, 0, 'start') };
  return stepsOf({ calendar, definitions: new Map(), limits: null }, range, autoLeadMs);
}

/** A ceiling far above every floor is left out of the scale, and drawn at its top. */
function topOf({ floor, ceiling }: Step): number {
  return ceiling !== null && ceiling <= 2 * Math.max(floor, 4) ? Math.max(floor, ceiling) : floor;
}

function rowsOf(calendar: Calendar, { from, to }: DayRange): readonly DatedRow[] {
  return calendar.datedRows(formatDate(from), formatDate(to));
}

const LEGEND = [
  ['session', 'session'],
  ['floor', 'floor, replicas'],
  ['ceiling', 'ceiling'],
  ['holiday', 'holiday'],
  ['mark', 'early or late'],
] as const;

function legend(): string {
  const items = LEGEND.map(([name, label], index) => {
    const isLine = name === 'ceiling' || name === 'mark';
    const sign = isLine
      ? element('path', { class: name, d: name === 'mark' ? 'M8 2v12' : 'M0 8h16' })
      : element('rect', {
          class: name,
          x: 0,
          y: name === 'session' ? 5 : 2,
          width: 16,
          height: name === 'session' ? 8 : 12,
        });
    return moved(GUTTER + index * 118, 30, sign + element('text', { class: 'note', x: 22, y: 12 }, label));
  });
  return items.join('');
}

function datedTable({ calendar, ranges }: PictureInput): string {
  const [first, last] = [ranges[0]?.from ?? 0, ranges.at(-1)?.to ?? 0];
  const rows = rowsOf(calendar, { from: first, to: last });
  if (rows.length === 0) return `<p>Nothing is dated from ${formatDate(first)} to ${formatDate(last)}.</p>`;
  const cells = rows.map(
    (row) =>
      `<tr><td>${row.date}</td><td>${nameOf(weekdayOf(parseDate(row.date) ?? 0))}</td><td>${escapeXml(rowLabel(row))}</td><td>${escapeXml(row.sessions.join(', '))}</td></tr>`,
  );
  return `<table>\n<thead><tr><th>date</th><th>day</th><th>what</th><th>sessions</th></tr></thead>\n<tbody>\n${cells.join('\n')}\n</tbody>\n</table>`;
}
