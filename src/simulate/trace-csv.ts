import { didYouMean } from '../core/nearest.ts';
import { type Problem, shown } from '../core/problem.ts';
import type { Trace } from './trace.ts';

const COLUMNS = ['arrival_s', 'prompt_tokens', 'output_tokens', 'tenant'] as const;
type Column = (typeof COLUMNS)[number];
const REQUIRED: readonly Column[] = ['arrival_s', 'prompt_tokens', 'output_tokens'];

/** Errors beyond these are counted, not listed: a wrong column is wrong in every row. */
const LISTED = 20;
const MAX_TENANTS = 65_535;

/**
 * Requests of a CSV with a header: `arrival_s` (seconds from the start of the trace, ascending), `prompt_tokens`,
 * `output_tokens` (whole numbers from 1) and perhaps `tenant`, in any order. Row numbers of problems count from 1, the
 * header's; all of them at once, the first 20 in full.
 */
export function parseTrace(
  text: string,
  file: string,
  start: number,
): { readonly trace: Trace; readonly problems: readonly Problem[] } {
  const lines = new Lines(text);
  const report = reporter(file);
  const header = readHeader(lines.next() ?? '', report.error);
  const columns = new Columns(lines.bound);
  const places = REQUIRED.map((name) => header.indexOf(name));
  const tenantPlace = header.indexOf('tenant');
  let before = Number.NEGATIVE_INFINITY;
  let previous: string | null = null;
  // A header that is wrong makes every row wrong.
  for (let line = lines.next(); line !== null && !report.headerIsWrong; line = lines.next()) {
    before = row(line);
    previous = line;
  }
  if (report.errors === 0 && columns.length === 0)
    report.error(1, '', 'must have at least one row below the header');
  return { trace: columns.trace(), problems: report.problems() };

  function row(line: string): number {
    if (line === '') return before;
    const cells = line.split(',');
    if (cells.length !== header.length)
      report.error(lines.row, '', `must have ${header.length} cells as the header has, was ${cells.length}`);
    const [arrival, prompt, output] = places.map((place, index) =>
      number(cells[place], REQUIRED[index] ?? 'arrival_s', lines.row, report.error),
    );
    if (arrival === undefined || prompt === undefined || output === undefined) return before;
    if (arrival < before)
      report.error(lines.row, 'arrival_s', `must not be before the row above (${before}), was ${arrival}`);
    if (line === previous) report.repeats(lines.row);
    const tenant = tenantPlace === -1 ? '' : (cells[tenantPlace] ?? '').trim();
    if (!columns.add({ at: start + arrival * 1000, prompt, output, tenant }))
      report.error(lines.row, 'tenant', `must be one of at most ${MAX_TENANTS} names, was another`);
    return arrival;
  }
}

type Report = (row: number, path: string, message: string) => void;

function reporter(file: string) {
  const listed: Problem[] = [];
  let errors = 0;
  let repeated = 0;
  let firstRepeat = 0;
  return {
    get errors() {
      return errors;
    },
    get headerIsWrong() {
      return listed[0]?.line === 1;
    },
    error(row: number, path: string, message: string): void {
      errors++;
      if (listed.length < LISTED)
        listed.push({ severity: 'error', file, line: row, column: 1, path, message });
    },
    repeats(row: number): void {
      repeated++;
      if (firstRepeat === 0) firstRepeat = row;
    },
    problems(): readonly Problem[] {
      const line = listed.at(-1)?.line ?? 1;
      const more = errors - listed.length;
      if (more > 0)
        listed.push({
          severity: 'error',
          file,
          line,
          column: 1,
          path: '',
          message: `and ${more} more errors`,
        });
      if (repeated > 0 && errors === 0)
        listed.push({
          severity: 'warning',
          file,
          line: firstRepeat,
          column: 1,
          path: '',
          message: `this row${repeated > 1 ? ` and ${repeated - 1} more` : ''} repeats the one above to the last digit: was it exported twice?`,
        });
      return listed;
    },
  };
}

/** Lines of a text, one at a time, so that a large file is not held twice. */
class Lines {
  readonly #text: string;
  #position: number;
  row = 0;

  constructor(text: string) {
    this.#text = text;
    this.#position = text.startsWith('\uFEFF') ? 1 : 0;
  }

  /** More rows than this there cannot be: the shortest is `0,1,1`. */
  get bound(): number {
    return Math.ceil(this.#text.length / 6) + 1;
  }

  next(): string | null {
    if (this.#position >= this.#text.length) return null;
    const found = this.#text.indexOf('\n', this.#position);
    const end = found === -1 ? this.#text.length : found;
    const line = this.#text.slice(this.#position, end);
    this.#position = end + 1;
    this.row++;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}

function readHeader(line: string, report: Report): readonly string[] {
  const header = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  for (const [index, name] of header.entries()) {
    if (!(COLUMNS as readonly string[]).includes(name))
      report(1, '', `must be one of ${COLUMNS.join(', ')}, was ${shown(name)}${didYouMean(name, COLUMNS)}`);
    else if (header.indexOf(name) !== index) report(1, name, 'must stand in the header once');
  }
  for (const name of REQUIRED)
    if (!header.includes(name)) report(1, name, 'must be a column of the header, was missing');
  return header;
}

function number(cell: string | undefined, column: Column, row: number, report: Report): number | undefined {
  if (cell === undefined) return undefined;
  const text = cell.trim();
  const value = Number(text);
  if (column === 'arrival_s') {
    if (text !== '' && Number.isFinite(value) && value >= 0) return value;
    report(row, column, `must be seconds from 0, was ${shown(text)}`);
  } else {
    if (text !== '' && Number.isInteger(value) && value >= 1 && value <= 10_000_000) return value;
    report(row, column, `must be a whole number from 1 to 10000000, was ${shown(text)}`);
  }
  return undefined;
}

interface Row {
  readonly at: number;
  readonly prompt: number;
  readonly output: number;
  readonly tenant: string;
}

class Columns {
  length = 0;
  readonly #arrivedAt: Float64Array;
  readonly #promptTokens: Int32Array;
  readonly #outputTokens: Int32Array;
  readonly #tenant: Uint16Array;
  readonly #tenants = new Map<string, number>();

  constructor(bound: number) {
    this.#arrivedAt = new Float64Array(bound);
    this.#promptTokens = new Int32Array(bound);
    this.#outputTokens = new Int32Array(bound);
    this.#tenant = new Uint16Array(bound);
  }

  /** False where there are too many tenants. */
  add({ at, prompt, output, tenant }: Row): boolean {
    let index = this.#tenants.get(tenant);
    if (index === undefined) {
      index = this.#tenants.size;
      if (index > MAX_TENANTS) return false;
      this.#tenants.set(tenant, index);
    }
    this.#arrivedAt[this.length] = at;
    this.#promptTokens[this.length] = prompt;
    this.#outputTokens[this.length] = output;
    this.#tenant[this.length++] = index;
    return true;
  }

  trace(): Trace {
    const { length } = this;
    return {
      length,
      arrivedAt: this.#arrivedAt.slice(0, length),
      promptTokens: this.#promptTokens.slice(0, length),
      outputTokens: this.#outputTokens.slice(0, length),
      tenant: this.#tenant.slice(0, length),
      tenants: [...this.#tenants.keys()],
    };
  }
}
