import { boundedChunks } from './bounded-body.ts';
import type { Vector } from './points.ts';
import { isMetric } from './prometheus-answer.ts';
import { ListReader, type SeriesBook } from './series-book.ts';
import { type Slicer, untilTurn } from './slices.ts';
import { viewOf } from './texts.ts';

export interface VectorReading {
  /** Bytes. */
  readonly limit: number;
  readonly slicer: Slicer;
  readonly book: SeriesBook;
  /** Under which the book knows what it answered the last time. */
  readonly query: string;
}

/** The series of a body, and the document without them: `{"status":"success","data":{…,"result":[…]}}`. */
export interface VectorBody {
  readonly vector: Vector;
  /** Holds all series from the first one that is not as we know it. */
  readonly rest: string;
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
/** Bytes of a chunk that are copied behind what was left of the one before: more than a series has. */
const BRIDGE = 2_048;

const QUOTE = 0x22;
const COMMA = 0x2c;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const BRACKET = 0x5d;
const BRACE = 0x7d;

/**
 * The points of an instant query's answer out of its body while it comes in: series that came in the last answer are told
 * by their bytes and not parsed, so that an answer of 10 MB costs some ten ms and leaves nothing behind. Only the form that
 * Prometheus and its kin write is read, without white space; from where it differs on, all is left in `rest`, which the
 * caller parses as any JSON. Rejects with BodyTooLarge.
 */
export async function readVectorBody(
  body: AsyncIterable<Uint8Array>,
  { limit, slicer, book, query }: VectorReading,
): Promise<VectorBody> {
  const scanner = new VectorScanner(new ListReader(book, query));
  for await (const chunk of boundedChunks(body, limit)) {
    await untilTurn(slicer);
    scanner.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }
  return scanner.end();
}

type Outcome = 'read' | 'ended' | 'more' | 'unknown';

/** In place of where a value ends. */
const MORE = -1;
const UNKNOWN = -2;

class VectorScanner {
  readonly #list: ListReader;
  #values: Float64Array;
  #count = 0;
  readonly #rest: Buffer[] = [];
  #place: 'head' | 'series' | 'rest' = 'head';
  /** All series were as we know them. */
  #whole = false;
  #carry: Buffer = Buffer.alloc(0);
  /** Where in the bytes at hand the reading is. */
  #at = 0;
  /** What #valueAfter read. */
  #value = Number.NaN;

  constructor(list: ListReader) {
    this.#list = list;
    this.#values = new Float64Array(list.expected);
  }

  write(chunk: Buffer): void {
    if (this.#place === 'rest') {
      this.#rest.push(Buffer.from(chunk));
      return;
    }
    this.#at = 0;
    const bytes = this.#carry.length === 0 ? chunk : this.#afterCarry(chunk);
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

  end(): VectorBody {
    const metrics = this.#list.end(this.#whole);
    const values = this.#values.subarray(0, this.#count);
    return {
      vector: { metrics, values },
      rest: Buffer.concat([...this.#rest, this.#carry]).toString('utf8'),
    };
  }

  /** The chunk after the series that began in the one before, which is read; both together where that is not enough. */
  #afterCarry(chunk: Buffer): Buffer {
    if (this.#place === 'series') {
      const bridge = Buffer.concat([this.#carry, chunk.subarray(0, BRIDGE)]);
      const outcome = this.#readOne(bridge, viewOf(bridge));
      if (outcome === 'ended') this.#end(outcome);
      if (outcome === 'ended' || outcome === 'read') {
        const left = chunk.subarray(this.#at - this.#carry.length);
        this.#at = 0;
        return left;
      }
    }
    return Buffer.concat([this.#carry, chunk]);
  }

  #readHead(bytes: Buffer): void {
    const head = bytes.indexOf(HEAD);
    if (head < 0) return;
    this.#at = head + BEFORE_FIRST;
    this.#rest.push(Buffer.from(bytes.subarray(0, this.#at)));
    this.#place = 'series';
  }

  #readSeries(bytes: Buffer): void {
    const view = viewOf(bytes);
    for (;;) {
      const outcome = this.#readOne(bytes, view);
      if (outcome === 'read') continue;
      // A comma with nothing after it has been taken; what is left must not look whole.
      if (outcome === 'unknown' && this.#count > 0 && bytes[this.#at] === BRACKET) this.#rest.push(STRAY);
      if (outcome !== 'more') this.#end(outcome);
      return;
    }
  }

  #end(outcome: Outcome): void {
    this.#place = 'rest';
    this.#whole = outcome === 'ended';
  }

  /** One element and the comma after it; the place moves on only when it was read whole. */
  #readOne(bytes: Buffer, view: DataView): Outcome {
    const start = this.#at;
    const length = this.#list.next(view, start);
    if (length === 0) return this.#readOther(bytes, view, start);
    const end = this.#valueAfter(bytes, start + length);
    if (end < 0) return end === MORE ? 'more' : 'unknown';
    this.#list.takeNext();
    return this.#take(bytes, end);
  }

  /** An element that is not the one expected: one that came elsewhere the last time, or a new one. */
  #readOther(bytes: Buffer, view: DataView, start: number): Outcome {
    if (start < bytes.length && bytes[start] !== METRIC[0]) return 'unknown';
    const value = bytes.indexOf(VALUE, start);
    if (value < 0) return 'more';
    const last = value + VALUE.length;
    const place = this.#list.find(bytes, view, start, last);
    const metric = place < 0 ? metricIn(bytes, start, value) : undefined;
    if (place < 0 && metric === undefined) return 'unknown';
    const end = this.#valueAfter(bytes, last);
    if (end < 0) return end === MORE ? 'more' : 'unknown';
    if (metric === undefined) this.#list.takeFound(place);
    else this.#list.takeNew(bytes, start, last, metric);
    return this.#take(bytes, end);
  }

  #take(bytes: Buffer, end: number): Outcome {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(Math.max(64, 2 * this.#count));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = Number.isFinite(this.#value) ? this.#value : Number.NaN;
    this.#count++;
    const more = bytes[end] === COMMA;
    this.#at = more ? end + 1 : end;
    return more ? 'read' : 'ended';
  }

  /**
   * Reads the number in `TIME,"VALUE"]}`, NaN for one that is none. What is returned is the place of what follows, or MORE
   * while that has not come.
   */
  #valueAfter(bytes: Buffer, start: number): number {
    const { length } = bytes;
    let at = start;
    while (at < length && isOfTime(bytes[at] ?? 0)) at++;
    const quote = at + 1;
    let close = quote + 1;
    while (close < length && bytes[close] !== QUOTE) close++;
    if (close + 3 >= length) return length - start > 200 ? UNKNOWN : MORE;
    const whole = at > start && bytes[at] === COMMA && bytes[quote] === QUOTE && close > quote + 1;
    if (!whole || bytes[close + 1] !== BRACKET || bytes[close + 2] !== BRACE) return UNKNOWN;
    const next = bytes[close + 3];
    // After the last one the list ends; anything else is not as we know it.
    if (next !== COMMA && next !== BRACKET) return UNKNOWN;
    this.#value = numberIn(bytes, quote + 1, close);
    if (Number.isNaN(this.#value) && bytes.subarray(quote, close).includes(BACKSLASH)) return UNKNOWN;
    return close + 3;
  }
}

/** The labels between METRIC and `end`. */
function metricIn(bytes: Buffer, start: number, end: number): Record<string, string> | undefined {
  if (bytes.compare(METRIC, 0, METRIC.length, start, start + METRIC.length) !== 0) return undefined;
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8', start + METRIC.length, end));
    return isMetric(parsed) ? (parsed as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}

function isOfTime(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || byte === DOT;
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
      else if (byte >= ZERO && byte <= NINE) digits = digits * 10 + (byte - ZERO);
      else return Number(bytes.toString('latin1', start, end));
    }
    return scale < 0 ? digits : digits / 10 ** scale;
  }
  return Number(bytes.toString('latin1', start, end));
}
