import { boundedChunks } from './bounded-body.ts';
import type { Metric, Point } from './points.ts';
import { isMetric } from './prometheus-answer.ts';
import type { SeriesBody } from './series-body.ts';
import { isAt, type Known, type SeriesBook } from './series-book.ts';
import { type Slicer, untilTurn } from './slices.ts';

export interface VectorReading {
  /** Bytes. */
  readonly limit: number;
  readonly slicer: Slicer;
  readonly book: SeriesBook;
}

const HEAD = Buffer.from('"result":[{"metric":');
/** Of HEAD, what is no series yet. */
const BEFORE_FIRST = '"result":['.length;
/** What stands in front of a series' labels, and what between them and its value. */
const METRIC = Buffer.from('{"metric":');
const STRAY = Buffer.from(',');
const VALUE = Buffer.from(',"value":[');
/** What is longer without an end in sight is left to the caller. */
const LONGEST = 1 << 20;

const QUOTE = 0x22;
const COMMA = 0x2c;
const DOT = 0x2e;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const BRACKET = 0x5d;
const BRACE = 0x7d;

/**
 * The points of an instant query's answer out of its body while it comes in: series that the book knows are told by
 * their bytes and not parsed, so that an answer of 10 MB costs some ten ms and leaves nothing behind. Only the form that
 * Prometheus and its kin write is read, without white space; from where it differs on, all is left in `rest`, which the
 * caller parses as any JSON. Rejects with BodyTooLarge.
 */
export async function readVectorBody(
  body: AsyncIterable<Uint8Array>,
  { limit, slicer, book }: VectorReading,
): Promise<SeriesBody<Point>> {
  const scanner = new VectorScanner(book);
  for await (const chunk of boundedChunks(body, limit)) {
    await untilTurn(slicer);
    scanner.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }
  return scanner.end();
}

type Outcome = 'read' | 'ended' | 'more' | 'unknown';

class VectorScanner {
  readonly #book: SeriesBook;
  readonly #points: Point[] = [];
  readonly #rest: Buffer[] = [];
  #place: 'head' | 'series' | 'rest' = 'head';
  #carry: Buffer = Buffer.alloc(0);
  #last: Known | null = null;
  /** Where in the bytes at hand the reading is. */
  #at = 0;

  constructor(book: SeriesBook) {
    this.#book = book;
  }

  write(chunk: Buffer): void {
    if (this.#place === 'rest') {
      this.#rest.push(Buffer.from(chunk));
      return;
    }
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    this.#at = 0;
    if (this.#place === 'head') this.#readHead(bytes);
    if (this.#place === 'series') this.#readSeries(bytes);
    const left = bytes.subarray(this.#at);
    if (left.length > LONGEST) this.#place = 'rest';
    // A copy: the chunk's memory is not ours once the next one comes.
    if (this.#place !== 'rest') this.#carry = Buffer.from(left);
    else {
      this.#rest.push(Buffer.from(left));
      this.#carry = Buffer.alloc(0);
    }
  }

  end(): SeriesBody<Point> {
    return { items: this.#points, rest: Buffer.concat([...this.#rest, this.#carry]).toString('utf8') };
  }

  #readHead(bytes: Buffer): void {
    const head = bytes.indexOf(HEAD);
    if (head < 0) return;
    this.#at = head + BEFORE_FIRST;
    this.#rest.push(Buffer.from(bytes.subarray(0, this.#at)));
    this.#place = 'series';
  }

  #readSeries(bytes: Buffer): void {
    for (;;) {
      const outcome = this.#readOne(bytes);
      if (outcome === 'read') continue;
      // A comma with nothing after it has been taken; what is left must not look whole.
      if (outcome === 'unknown' && this.#last !== null && bytes[this.#at] === BRACKET) this.#rest.push(STRAY);
      if (outcome !== 'more') this.#place = 'rest';
      return;
    }
  }

  /** One element and the comma after it; the place moves on only when it was read whole. */
  #readOne(bytes: Buffer): Outcome {
    const start = this.#at;
    const known = this.#known(bytes, start);
    if (typeof known === 'string') return known;
    const value = this.#valueAfter(bytes, start + known.length);
    if (typeof value === 'string') return value;
    if (this.#last !== null && this.#last.next !== known) this.#last.next = known;
    this.#last = known;
    this.#book.touch(known);
    if (Number.isFinite(value)) {
      if (known.point?.value !== value) known.point = { metric: known.metric, value };
      this.#points.push(known.point);
    }
    if (bytes[this.#at] === COMMA) {
      this.#at++;
      return 'read';
    }
    return 'ended';
  }

  /** The series that starts at `start`: the one that came next the last time, one that the book knows, or a new one. */
  #known(bytes: Buffer, start: number): Known | Outcome {
    const expected = this.#last?.next;
    if (expected && isAt(expected, bytes, start, start + expected.length)) return expected;
    if (start < bytes.length && bytes[start] !== METRIC[0]) return 'unknown';
    const value = bytes.indexOf(VALUE, start);
    if (value < 0) return 'more';
    const end = value + VALUE.length;
    const found = this.#book.find(bytes, start, end);
    if (found) return found;
    if (bytes.compare(METRIC, 0, METRIC.length, start, start + METRIC.length) !== 0) return 'unknown';
    const metric = metricOf(bytes.toString('utf8', start + METRIC.length, value));
    return metric === undefined ? 'unknown' : this.#book.add(bytes, start, end, metric);
  }

  /**
   * The number in `TIME,"VALUE"]}`, NaN for one that is none; the place is then at what follows it. It is not read before
   * that has come.
   */
  #valueAfter(bytes: Buffer, start: number): number | Outcome {
    const quote = bytes.indexOf(QUOTE, start);
    const close = quote < 0 ? -1 : bytes.indexOf(QUOTE, quote + 1);
    if (close < 0 || close + 3 >= bytes.length) return bytes.length - start > 200 ? 'unknown' : 'more';
    const whole = bytes[quote - 1] === COMMA && isTime(bytes, start, quote - 1);
    const next = bytes[close + 3];
    if (!whole || close === quote + 1 || bytes[close + 1] !== BRACKET || bytes[close + 2] !== BRACE)
      return 'unknown';
    // After the last one the list ends; anything else is not as we know it.
    if (next !== COMMA && next !== BRACKET) return 'unknown';
    const value = numberIn(bytes, quote + 1, close);
    if (Number.isNaN(value) && bytes.subarray(quote, close).includes(BACKSLASH)) return 'unknown';
    this.#at = close + 3;
    return value;
  }
}

function metricOf(text: string): Metric | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isMetric(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isTime(bytes: Buffer, start: number, end: number): boolean {
  if (end <= start) return false;
  for (let index = start; index < end; index++) {
    const byte = bytes[index] ?? 0;
    if ((byte < ZERO || byte > ZERO + 9) && byte !== DOT) return false;
  }
  return true;
}

/** Digits that make an integer without rounding, which a division by a power of ten of as many rounds once, as is right. */
const EXACT = 15;

/** The number that the bytes spell, as Number() reads it; most are short decimals. */
function numberIn(bytes: Buffer, start: number, end: number): number {
  let digits = 0;
  let scale = -1;
  if (end - start <= EXACT) {
    for (let index = start; index < end; index++) {
      const byte = bytes[index] ?? 0;
      if (byte === DOT && scale < 0 && index > start && index < end - 1) scale = end - 1 - index;
      else if (byte >= ZERO && byte <= ZERO + 9) digits = digits * 10 + (byte - ZERO);
      else return Number(bytes.toString('latin1', start, end));
    }
    return scale < 0 ? digits : digits / 10 ** scale;
  }
  return Number(bytes.toString('latin1', start, end));
}
