import { formatProblem } from '../../core/problem.ts';
import { formatDate } from '../civil-date.ts';
import type { Change } from './changes.ts';
import { floorChart } from './chart.ts';
import type { CapacityDiff } from './diff.ts';
import { type DiffReport, type DocumentDiff, isAlone, tellsAnything } from './report.ts';
import { changeRows, type RowOptions, sessionRows, weekRows } from './rows.ts';
import { headline, summary, zoneOf } from './text.ts';
import { hoursText, moved, signed, windowsText } from './words.ts';

/** The first line of the comment, by which the next run finds it. */
export const MARKER = '<!-- bellwether calendar diff -->';

/** GitHub takes 65536 characters and GitLab a million; a comment that is cut off says so. */
const MOST_CHARACTERS = 60_000;
const MOST_ROWS = 12;

/** The report as one comment on a pull request; empty when no calendar and no policy was touched. */
export function diffMarkdown({ documents, before, after, gpusPerReplica }: DiffReport): string {
  if (documents.length === 0) return '';
  const telling = documents.filter(tellsAnything);
  const same = documents.filter((each) => !tellsAnything(each));
  const parts = [MARKER, `## Capacity, ${inline(before)} to ${inline(after)}`];
  if (telling.length === 0) parts.push('Nothing changes: only comments, order or formatting moved.');
  const details = telling.map((document) => detailsOf(document, gpusPerReplica));
  parts.push(...telling.map((document) => section(document, gpusPerReplica)));
  if (telling.length > 0 && same.length > 0)
    parts.push(`Nothing changes in ${same.map(({ path }) => inline(path)).join(', ')}.`);
  return withinLimit(
    parts.join('\n\n'),
    details.filter((each) => each !== ''),
  );
}

/** The collapsed lists are what is left out when the comment would be too long. */
function withinLimit(text: string, details: readonly string[]): string {
  const cut = '\n\n_Cut off here: `bellwether calendar diff` prints the whole list._';
  if (text.length > MOST_CHARACTERS) return `${closedCut(text)}${cut}`;
  let whole = text;
  for (const detail of details) {
    if (whole.length + detail.length > MOST_CHARACTERS) return `${whole}${cut}`;
    whole += `\n\n${detail}`;
  }
  return whole;
}

/** Cut at a line, and not inside a code block. */
function closedCut(text: string): string {
  const kept = text.slice(0, text.lastIndexOf('\n', MOST_CHARACTERS));
  const fences = kept.split('\n').filter((line) => line.startsWith('```')).length;
  return fences % 2 === 1 ? `${kept}\n\`\`\`` : kept;
}

function section(document: DocumentDiff, gpusPerReplica: number): string {
  const { diff, fields, beforeProblems, afterProblems } = document;
  const parts = [`### ${escaped(headline(document))}`];
  if (afterProblems.length > 0)
    parts.push(
      '**It is broken and cannot be compared:**',
      block(afterProblems.map(formatProblem).join('\n')),
    );
  if (beforeProblems.length > 0)
    parts.push(
      'It was broken before, so only the new one is shown:',
      block(beforeProblems.map(formatProblem).join('\n')),
    );
  if (fields.length > 0)
    parts.push(
      tableOf([
        ['field', 'before', 'after'],
        ...fields.map(({ field, before, after }) => [field, before ?? 'default', after ?? 'default']),
      ]),
    );
  if (diff) parts.push(...capacity(diff, optionsOf(document, diff, gpusPerReplica)));
  return parts.join('\n\n');
}

function optionsOf(document: DocumentDiff, diff: CapacityDiff, gpusPerReplica: number): RowOptions {
  return { zone: zoneOf(diff), gpusPerReplica, isAlone: isAlone(document) };
}

function capacity(diff: CapacityDiff, options: RowOptions): readonly string[] {
  const [total = '', ...rest] = summary(diff, options).split('\n');
  const parts = [[`**${escaped(total)}**`, ...rest.map(escaped)].join('<br>\n')];
  if (diff.notes.length > 0) parts.push(diff.notes.map((note) => `- ${escaped(note)}`).join('\n'));
  if (diff.changes.length > 0) parts.push(firstRows(changeRows(diff.changes, options)));
  if (diff.sessions.length > 0) parts.push(firstRows(sessionRows(diff)));
  const chart = floorChart(diff, options.zone, options.isAlone);
  if (chart !== '') parts.push(block(chart));
  return parts;
}

function firstRows(rows: readonly (readonly string[])[]): string {
  const more = rows.length - 1 - MOST_ROWS;
  const shown = tableOf(rows.slice(0, MOST_ROWS + 1));
  return more > 0 ? `${shown}\n\n... and ${more} more, below` : shown;
}

/** Every date and every week, collapsed. */
function detailsOf(document: DocumentDiff, gpusPerReplica: number): string {
  const { diff } = document;
  if (!diff || diff.changes.length + diff.sessions.length === 0) return '';
  const options = optionsOf(document, diff, gpusPerReplica);
  const parts = [
    `<details><summary>${escaped(document.name)}: every date and week</summary>`,
    ...(diff.changes.length > 0
      ? [block(diff.changes.map((each) => datesOf(each, options)).join('\n'))]
      : []),
    ...(diff.weeks.length > 0 ? [tableOf(weekRows(diff.weeks, options))] : []),
    ...(diff.sessions.length > MOST_ROWS ? [tableOf(sessionRows(diff))] : []),
    '</details>',
  ];
  return parts.join('\n\n');
}

const DATES_PER_LINE = 8;

function datesOf(change: Change, { isAlone }: RowOptions): string {
  const { before, after, windows, replicaHours, days } = change;
  const floor = moved(String(before.floor), String(after.floor), isAlone);
  const head = `${hoursText(change)} floor ${floor}, ${signed(replicaHours)} replica-hours, ${windowsText(windows)}:`;
  const lines: string[] = [];
  for (let index = 0; index < days.dates.length; index += DATES_PER_LINE)
    lines.push(
      `  ${days.dates
        .slice(index, index + DATES_PER_LINE)
        .map(formatDate)
        .join(' ')}`,
    );
  return [head, ...lines].join('\n');
}

function tableOf([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text that people wrote, kept from becoming markup, a mention or another cell. */
function escaped(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]|~#]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@/g, '@\u200b');
}

function inline(text: string): string {
  return `\`${text.replace(/[`\s]/g, ' ')}\``;
}

function block(text: string): string {
  return `\`\`\`text\n${text.replace(/`{3,}/g, "'''")}\n\`\`\``;
}
