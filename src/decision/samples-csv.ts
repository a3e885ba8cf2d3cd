import { parseInstant } from '../core/instant.ts';
import { didYouMean } from '../core/nearest.ts';
import { type Problem, shown } from '../core/problem.ts';
import { absentSample, type Sample } from '../core/sample.ts';

const COLUMNS = [
  'time',
  'running',
  'waiting',
  'ready',
  'starting',
  'spec',
  'unschedulable',
  'kv_cache_usage',
  // Requests that arrived since the row before.
  'arrived',
] as const;
type Column = (typeof COLUMNS)[number];
const COUNTS: readonly Column[] = ['ready', 'starting', 'spec', 'unschedulable'];

/** One row: its time as it was written, and the sample it stands for. */
export interface SampleRow {
  readonly time: string | number;
  readonly sample: Sample;
}

/**
 * Rows of a samples CSV: a header with `time` (Unix seconds or ISO 8601 with zone) and any of the columns above, in
 * any order. An empty cell is absent, not zero; a column that is not there was not measured. All problems at once.
 */
export function parseSamples(
  text: string,
  file: string,
): { readonly rows: readonly SampleRow[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const report: Report = (line, column, path, message) =>
    problems.push({ severity: 'error', file, line, column, path, message });
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = readHeader(lines[0] ?? '', report);
  const rows: SampleRow[] = [];
  let previous = Number.NEGATIVE_INFINITY;
  for (const [index, content] of lines.entries()) {
    if (index === 0 || content.trim() === '') continue;
    const cells = cellsOf(content);
    if (cells.length !== header.length)
      report(index + 1, 1, '', `must have ${header.length} cells as the header has, was ${cells.length}`);
    const row = readRow(header, cells, index + 1, report);
    if (row === null) continue;
    if (row.sample.at <= previous)
      report(index + 1, 1, 'time', `must be later than the row before, was ${shown(row.time)}`);
    previous = Math.max(previous, row.sample.at);
    rows.push(row);
  }
  if (rows.length === 0 && problems.length === 0)
    report(1, 1, '', 'must have at least one row below the header');
  return { rows, problems };
}

type Report = (line: number, column: number, path: string, message: string) => void;

function cellsOf(line: string): readonly string[] {
  return line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
}

function readHeader(line: string, report: Report): readonly string[] {
  const header = cellsOf(line);
  for (const [index, name] of header.entries()) {
    const column = columnOf(header, index);
    if (!(COLUMNS as readonly string[]).includes(name)) {
      report(
        1,
        column,
        '',
        `must be one of ${COLUMNS.join(', ')}, was ${shown(name)}${didYouMean(name, COLUMNS)}`,
      );
    } else if (header.indexOf(name) !== index) report(1, column, name, 'must stand in the header once');
  }
  if (!header.includes('time')) report(1, 1, 'time', 'must be a column of the header, was missing');
  return header;
}

function columnOf(cells: readonly string[], index: number): number {
  return cells.slice(0, index).reduce((sum, cell) => sum + cell.length + 1, 1);
}

function readRow(
  header: readonly string[],
  cells: readonly string[],
  line: number,
  report: Report,
): SampleRow | null {
  const values = new Map<string, number | null>();
  let at: number | undefined;
  let time: string | number = '';
  for (const [index, name] of header.entries()) {
    const cell = cells[index] ?? '';
    const column = columnOf(cells, index);
    if (name === 'time') {
      at = parseInstant(cell);
      time = /^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : cell;
      if (at === undefined)
        report(line, column, 'time', `must be Unix seconds or ISO 8601 with a zone, was ${shown(cell)}`);
    } else if (cell === '') values.set(name, null);
    else {
      const value = Number(cell);
      const whole = !(COUNTS as readonly string[]).includes(name) || Number.isInteger(value);
      if (Number.isFinite(value) && value >= 0 && whole) values.set(name, value);
      else
        report(
          line,
          column,
          name,
          `must be a ${whole ? '' : 'whole '}number from 0, or empty where it is absent, was ${shown(cell)}`,
        );
    }
  }
  return at === undefined ? null : { time, sample: sampleOf(at, values) };
}

/** A column that is not there counts nothing; an empty cell makes its signal unknown at this instant. */
function sampleOf(at: number, values: ReadonlyMap<string, number | null>): Sample {
  const gauge = (name: Column): number | null => (values.has(name) ? (values.get(name) ?? null) : 0);
  const count = (name: Column): number | null => values.get(name) ?? null;
  const measured = (['running', 'waiting', 'kv_cache_usage'] as const).filter((name) => values.has(name));
  const known = measured.some((name) => values.get(name) !== null);
  const replicas = {
    spec: count('spec'),
    ready: count('ready'),
    starting: count('starting'),
    unschedulable: count('unschedulable'),
    source: 'recorded',
  };
  if (!known) return absentSample(at, 'the row has no running, waiting or kv_cache_usage', replicas);
  const measuresOngoing = values.has('running') || values.has('waiting');
  return {
    ...absentSample(at, '', replicas),
    presence: 'fresh',
    why: null,
    observedAt: at,
    running: measuresOngoing ? gauge('running') : null,
    waiting: measuresOngoing ? gauge('waiting') : null,
    kvCacheUsage: count('kv_cache_usage'),
    arrived: count('arrived'),
    reporting: count('ready') ?? 0,
  };
}
