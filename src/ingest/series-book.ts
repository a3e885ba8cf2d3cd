import type { Metric } from './points.ts';
import { NO_TEXTS, TextReader, type Texts, TextWriter } from './texts.ts';

/** The series that answered a query the last time, in their order: what stood in front of each one's value, and what that says. */
export interface SeriesList {
  readonly metrics: readonly Metric[];
  readonly texts: Texts;
  readonly hashes: Int32Array;
}

const EMPTY_LIST: SeriesList = { metrics: [], texts: NO_TEXTS, hashes: new Int32Array(0) };

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
    this.#texts.clear();
  }

  /** Makes labels share their strings with those of this evaluation's other new series: a pod's name is a label of all its series. */
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
  /** Reads what is expected, and another one what is looked for elsewhere. */
  readonly #inOrder: TextReader;
  readonly #elsewhere: TextReader;
  /** The one of `before` that is expected next. */
  #next = 0;
  #writer: ListWriter | null = null;
  #places: PlacesByHash | null = null;

  constructor(book: SeriesBook, query: string) {
    this.#book = book;
    this.#query = query;
    this.#before = book.listOf(query);
    this.#inOrder = new TextReader(this.#before.texts);
    this.#elsewhere = new TextReader(this.#before.texts);
  }

  /** How many may come: as many as the last time. */
  get expected(): number {
    return this.#before.metrics.length;
  }

  /** Length of the series at `start` if it is the one that is expected there, else 0. */
  next(view: DataView, start: number): number {
    return this.#next < this.expected ? this.#inOrder.find(this.#next, view, start) : 0;
  }

  /** Where in the last answer the series between `start` and `end` stood; -1 for one that is new. */
  find(bytes: Buffer, view: DataView, start: number, end: number): number {
    const isAt = (place: number): boolean =>
      place < this.expected && this.#elsewhere.find(place, view, start) === end - start;
    for (let place = this.#next + 1; place <= this.#next + AHEAD; place++) if (isAt(place)) return place;
    if (this.expected === 0) return -1;
    this.#places ??= new PlacesByHash(this.#before.hashes);
    return this.#places.find(hashOf(bytes, start, end), isAt);
  }

  /** The expected one was there. */
  takeNext(): void {
    this.#writer?.copy(this.#next);
    this.#next++;
  }

  takeFound(place: number): void {
    this.#startWriting().copy(place);
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
}

/** Neighbours that a new list takes over from another one. */
interface Run {
  readonly of: 'before' | 'added';
  readonly from: number;
  to: number;
}

/** Writes a list that begins as another one: notes what comes from where, and writes it when all is known. */
class ListWriter {
  readonly #before: SeriesList;
  readonly #runs: Run[] = [];
  /** What is new. */
  readonly #metrics: Metric[] = [];
  readonly #hashes: number[] = [];
  readonly #ends: number[] = [];
  #bytes = Buffer.alloc(0);

  constructor(before: SeriesList, count: number) {
    this.#before = before;
    if (count > 0) this.#runs.push({ of: 'before', from: 0, to: count });
  }

  copy(place: number): void {
    this.#take('before', place);
  }

  add(bytes: Buffer, start: number, end: number, metric: Metric): void {
    const used = this.#ends[this.#ends.length - 1] ?? 0;
    const needed = used + end - start;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(1 << 12, 2 * needed));
      this.#bytes.copy(larger, 0, 0, used);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, used, start, end);
    this.#take('added', this.#metrics.length);
    this.#metrics.push(metric);
    this.#hashes.push(hashOf(bytes, start, end));
    this.#ends.push(needed);
  }

  list(): SeriesList {
    const count = this.#runs.reduce((sum, { from, to }) => sum + to - from, 0);
    const writer = new TextWriter(count);
    const [metrics, hashes] = [new Array<Metric>(count), new Int32Array(count)];
    const before = new TextReader(this.#before.texts);
    let at = 0;
    for (const { of, from, to } of this.#runs) {
      const list = of === 'before' ? this.#before : { metrics: this.#metrics, hashes: this.#hashes };
      for (let place = from; place < to; place++, at++) {
        metrics[at] = list.metrics[place] ?? {};
        hashes[at] = list.hashes[place] ?? 0;
        if (of === 'added') writer.add(this.#bytes, this.#ends[place - 1] ?? 0, this.#ends[place] ?? 0);
        else {
          const { bytes, length } = before.read(place);
          writer.add(bytes, 0, length);
        }
      }
    }
    return { metrics, texts: writer.texts(), hashes };
  }

  #take(of: Run['of'], place: number): void {
    const last = this.#runs[this.#runs.length - 1];
    if (last?.of === of && last.to === place) last.to++;
    else this.#runs.push({ of, from: place, to: place + 1 });
  }
}

/** Places by hash with open addressing: a Map of 60,000 takes some 30 ms to fill, and one series that is new needs it. */
class PlacesByHash {
  readonly #hashes: Int32Array;
  /** A place and one; 0 for none. At most half of it is taken. */
  readonly #slots: Int32Array;
  readonly #shift: number;

  constructor(hashes: Int32Array) {
    this.#hashes = hashes;
    this.#shift = Math.clz32(2 * hashes.length + 1);
    this.#slots = new Int32Array(2 ** (32 - this.#shift));
    for (const [place, hash] of hashes.entries()) {
      let slot = this.#slotOf(hash);
      while (this.#slots[slot] !== 0) slot = this.#after(slot);
      this.#slots[slot] = place + 1;
    }
  }

  /** The place with that hash that `isIt`; -1 for none. */
  find(hash: number, isIt: (place: number) => boolean): number {
    for (let slot = this.#slotOf(hash); this.#slots[slot] !== 0; slot = this.#after(slot)) {
      const place = (this.#slots[slot] ?? 0) - 1;
      if (this.#hashes[place] === hash && isIt(place)) return place;
    }
    return -1;
  }

  #slotOf(hash: number): number {
    return hash >>> this.#shift;
  }

  #after(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1);
  }
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  return hash | 0;
}
