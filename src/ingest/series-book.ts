import type { Metric } from './points.ts';

/** The series that answered a query the last time, in their order: what stood in front of each one's value, and what that says. */
export interface SeriesList {
  readonly metrics: readonly Metric[];
  /** One after the other. */
  readonly bytes: Buffer;
  /** Where each one's bytes end. */
  readonly ends: Uint32Array;
  readonly hashes: Int32Array;
}

const EMPTY_LIST: SeriesList = {
  metrics: [],
  bytes: Buffer.alloc(0),
  ends: new Uint32Array(0),
  hashes: new Int32Array(0),
};

/** Strings that are shared although nobody may use them any more. */
const SLACK = 10_000;

/**
 * The series of a store by the bytes that they are written with. From one evaluation to the next hardly any of them
 * changes but in its value, so labels are parsed, and their strings are kept, once and not at each evaluation.
 */
export class SeriesBook {
  #lists = new Map<string, SeriesList>();
  readonly #read = new Set<string>();
  readonly #texts = new Map<string, string>();

  /** Number of series that are known. */
  get size(): number {
    let size = 0;
    for (const { metrics } of this.#lists.values()) size += metrics.length;
    return size;
  }

  /** What answered this query the last time. */
  listOf(query: string): SeriesList {
    return this.#lists.get(query) ?? EMPTY_LIST;
  }

  keep(query: string, list: SeriesList): void {
    this.#lists.set(query, list);
    this.#read.add(query);
  }

  /** After an evaluation: queries that were not asked in it are forgotten. */
  sweep(): void {
    for (const query of this.#lists.keys()) if (!this.#read.has(query)) this.#lists.delete(query);
    this.#read.clear();
    if (this.#texts.size > 4 * this.size + SLACK) this.#texts.clear();
  }

  /** Makes labels share their strings with all others: a pod's name is a label of all its series. */
  share(metric: Record<string, string>): Metric {
    for (const name in metric) {
      const text = metric[name] ?? '';
      const known = this.#texts.get(text);
      if (known === undefined) this.#texts.set(text, text);
      // A label called __proto__ must not become one.
      else if (name !== '__proto__') metric[name] = known;
    }
    return metric;
  }
}

/** Series of the last time that are looked through for one that did not come where it was expected, before all of them are. */
const AHEAD = 8;

/** The series of one answer against those of the last one: from the first difference on a new list is written. */
export class ListReader {
  readonly #book: SeriesBook;
  readonly #query: string;
  readonly #before: SeriesList;
  readonly #view: DataView;
  /** The one of `before` that is expected next. */
  #next = 0;
  #writer: ListWriter | null = null;
  /** Places in `before` by hash. Of two with one hash only one is found, and the other is parsed again. */
  #places: Map<number, number> | null = null;

  constructor(book: SeriesBook, query: string) {
    this.#book = book;
    this.#query = query;
    this.#before = book.listOf(query);
    this.#view = viewOf(this.#before.bytes);
  }

  /** How many may come: as many as the last time. */
  get expected(): number {
    return this.#before.metrics.length;
  }

  /** Length of the series at `start` if it is the one that is expected there, else 0. */
  next(view: DataView, start: number): number {
    return this.#lengthAt(this.#next, view, start);
  }

  /** Where in the last answer the series between `start` and `end` stood; -1 for one that is new. */
  find(bytes: Buffer, view: DataView, start: number, end: number): number {
    for (let place = this.#next + 1; place <= this.#next + AHEAD; place++)
      if (this.#lengthAt(place, view, start) === end - start) return place;
    if (this.expected === 0) return -1;
    this.#places ??= new Map(Array.from(this.#before.hashes, (hash, place) => [hash, place]));
    const place = this.#places.get(hashOf(bytes, start, end)) ?? -1;
    return place >= 0 && this.#lengthAt(place, view, start) === end - start ? place : -1;
  }

  /** The expected one was there. */
  takeNext(): void {
    this.#writer?.copy(this.#before, this.#next);
    this.#next++;
  }

  takeFound(place: number): void {
    this.#startWriting().copy(this.#before, place);
    this.#next = place + 1;
  }

  takeNew(bytes: Buffer, start: number, end: number, metric: Record<string, string>): void {
    this.#startWriting().add(bytes, start, end, this.#book.share(metric));
  }

  /** The labels of all that were taken; the same array as the last time where they are the same. */
  end(whole: boolean): readonly Metric[] {
    if (this.#writer === null && this.#next < this.expected) this.#startWriting();
    const list = this.#writer?.list() ?? this.#before;
    if (whole) this.#book.keep(this.#query, list);
    return list.metrics;
  }

  #startWriting(): ListWriter {
    this.#writer ??= new ListWriter(this.#before, this.#next);
    return this.#writer;
  }

  #lengthAt(place: number, view: DataView, start: number): number {
    const { ends } = this.#before;
    if (place >= ends.length) return 0;
    const from = place === 0 ? 0 : (ends[place - 1] ?? 0);
    const length = (ends[place] ?? 0) - from;
    if (start + length > view.byteLength) return 0;
    return isSame(this.#view, from, view, start, length) ? length : 0;
  }
}

/** Writes a list that begins as another one. */
class ListWriter {
  readonly #metrics: Metric[];
  readonly #hashes: number[];
  readonly #ends: number[];
  #bytes: Buffer;
  #used: number;

  constructor(before: SeriesList, count: number) {
    this.#metrics = before.metrics.slice(0, count);
    this.#hashes = Array.from(before.hashes.subarray(0, count));
    this.#ends = Array.from(before.ends.subarray(0, count));
    this.#used = count === 0 ? 0 : (before.ends[count - 1] ?? 0);
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(1 << 12, before.bytes.length, this.#used));
    before.bytes.copy(this.#bytes, 0, 0, this.#used);
  }

  copy(from: SeriesList, place: number): void {
    const start = place === 0 ? 0 : (from.ends[place - 1] ?? 0);
    this.#write(from.bytes, start, from.ends[place] ?? start);
    this.#metrics.push(from.metrics[place] ?? {});
    this.#hashes.push(from.hashes[place] ?? 0);
  }

  add(bytes: Buffer, start: number, end: number, metric: Metric): void {
    this.#write(bytes, start, end);
    this.#metrics.push(metric);
    this.#hashes.push(hashOf(bytes, start, end));
  }

  list(): SeriesList {
    const bytes = Buffer.allocUnsafeSlow(this.#used);
    this.#bytes.copy(bytes, 0, 0, this.#used);
    const [ends, hashes] = [Uint32Array.from(this.#ends), Int32Array.from(this.#hashes)];
    return { metrics: this.#metrics, bytes, ends, hashes };
  }

  #write(bytes: Buffer, start: number, end: number): void {
    const used = this.#used + end - start;
    if (used > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * used);
      this.#bytes.copy(larger, 0, 0, this.#used);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, this.#used, start, end);
    this.#used = used;
    this.#ends.push(used);
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Four bytes at a time, in place: a call of Buffer.compare costs more than what there is to compare. */
function isSame(a: DataView, from: number, b: DataView, start: number, length: number): boolean {
  let index = 0;
  for (; index + 4 <= length; index += 4)
    if (a.getInt32(from + index) !== b.getInt32(start + index)) return false;
  for (; index < length; index++) if (a.getUint8(from + index) !== b.getUint8(start + index)) return false;
  return true;
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  return hash | 0;
}
