/**
 * Texts in their order, each without what it begins and ends with like the one before. Of the series of a store most labels are the same
 * from one to the next: they take a quarter of their bytes.
 */
export interface Texts {
  /** Two numbers of each: how many bytes of the one before it begins with, and how many it ends with. */
  readonly shared: Uint16Array;
  /** What is between the two, of each one after the other. */
  readonly bytes: Buffer;
  /** Where that of each one ends. */
  readonly ends: Uint32Array;
}

/** Every so often one shares nothing, so that nobody who wants one in the middle has to begin with the first. */
const WHOLE_EVERY = 32;
const MOST_SHARED = 0xffff;

export const NO_TEXTS: Texts = {
  shared: new Uint16Array(0),
  bytes: Buffer.alloc(0),
  ends: new Uint32Array(0),
};

/** A text that grows and shrinks in one place: whoever reads one after the other makes nothing. */
class Scratch {
  bytes = Buffer.alloc(0);
  view = viewOf(this.bytes);
  length = 0;

  /** Keeps so many bytes at both ends, and puts between them those of `from`. */
  change(head: number, from: Uint8Array, start: number, end: number, tail: number): void {
    const length = head + end - start + tail;
    if (length > this.bytes.length) this.#grow(length);
    if (length !== this.length && tail > 0)
      this.bytes.copyWithin(length - tail, this.length - tail, this.length);
    for (let at = start; at < end; at++) this.bytes[head + at - start] = from[at] ?? 0;
    this.length = length;
  }

  #grow(length: number): void {
    const larger = Buffer.alloc(2 * length);
    this.bytes.copy(larger);
    this.bytes = larger;
    this.view = viewOf(larger);
  }
}

/** Finds texts again in bytes at hand, and reads them, in any order; the one after that which was last found or read takes least. */
export class TextReader {
  readonly #texts: Texts;
  readonly #view: DataView;
  readonly #text = new Scratch();
  /** Which one `#text` is. */
  #place = -1;
  /** Which one was found last, and where. */
  #found = -1;
  #foundIn: DataView | null = null;
  #foundAt = 0;
  #foundLength = 0;

  constructor(texts: Texts) {
    this.#texts = texts;
    this.#view = viewOf(texts.bytes);
  }

  /** Length of the text at `place` if that is what `view` has from `start` on, else 0. */
  find(place: number, view: DataView, start: number): number {
    const isNext = this.#found === place - 1 && this.#foundIn === view;
    const length = isNext ? this.#findNext(place, view, start) : this.#findAny(place, view, start);
    if (length === 0) return 0;
    this.#found = place;
    this.#foundIn = view;
    this.#foundAt = start;
    this.#foundLength = length;
    return length;
  }

  /** The text at `place`: the first `length` of these bytes, until another one is read. */
  read(place: number): { readonly bytes: Buffer; readonly view: DataView; readonly length: number } {
    if (place === this.#place) return this.#text;
    const { shared, bytes, ends } = this.#texts;
    let from = place;
    while (from - 1 !== this.#place && !isWhole(shared, from)) from--;
    for (; from <= place; from++)
      this.#text.change(
        shared[2 * from] ?? 0,
        bytes,
        startOf(ends, from),
        ends[from] ?? 0,
        shared[2 * from + 1] ?? 0,
      );
    this.#place = place;
    return this.#text;
  }

  /** The one before was found in the same bytes, so what both share is compared where it stands: nothing is copied. */
  #findNext(place: number, view: DataView, start: number): number {
    const { shared, ends } = this.#texts;
    const [head, tail] = [shared[2 * place] ?? 0, shared[2 * place + 1] ?? 0];
    const from = startOf(ends, place);
    const own = (ends[place] ?? 0) - from;
    const length = head + own + tail;
    if (start + length > view.byteLength) return 0;
    const isSame =
      isSameAt(this.#view, from, view, start + head, own) &&
      isSameAt(view, this.#foundAt, view, start, head) &&
      isSameAt(view, this.#foundAt + this.#foundLength - tail, view, start + head + own, tail);
    return isSame ? length : 0;
  }

  #findAny(place: number, view: DataView, start: number): number {
    const text = this.read(place);
    if (start + text.length > view.byteLength) return 0;
    return isSameAt(text.view, 0, view, start, text.length) ? text.length : 0;
  }
}

/** Four bytes at a time, in place: a call of Buffer.compare costs more than what there is to compare. */
function isSameAt(a: DataView, from: number, b: DataView, start: number, length: number): boolean {
  let index = 0;
  for (; index + 4 <= length; index += 4)
    if (a.getInt32(from + index) !== b.getInt32(start + index)) return false;
  for (; index < length; index++) if (a.getUint8(from + index) !== b.getUint8(start + index)) return false;
  return true;
}

function startOf(ends: Uint32Array, place: number): number {
  return place === 0 ? 0 : (ends[place - 1] ?? 0);
}

function isWhole(shared: Uint16Array, place: number): boolean {
  return shared[2 * place] === 0 && shared[2 * place + 1] === 0;
}

/** Writes down texts, of which it knows how many there will be. */
export class TextWriter {
  readonly #before = new Scratch();
  readonly #shared: Uint16Array;
  readonly #ends: Uint32Array;
  #bytes = Buffer.allocUnsafeSlow(1 << 12);
  #count = 0;
  #used = 0;

  constructor(count: number) {
    this.#shared = new Uint16Array(2 * count);
    this.#ends = new Uint32Array(count);
  }

  add(text: Uint8Array, start: number, end: number): void {
    const whole = this.#count % WHOLE_EVERY === 0;
    const head = whole ? 0 : this.#head(text, start, end);
    const tail = whole ? 0 : this.#tail(text, start + head, end, head);
    this.#shared[2 * this.#count] = head;
    this.#shared[2 * this.#count + 1] = tail;
    this.#append(text, start + head, end - tail);
    this.#before.change(head, text, start + head, end - tail, tail);
    this.#ends[this.#count++] = this.#used;
  }

  texts(): Texts {
    const bytes = Buffer.allocUnsafeSlow(this.#used);
    this.#bytes.copy(bytes, 0, 0, this.#used);
    return { shared: this.#shared, bytes, ends: this.#ends };
  }

  #append(text: Uint8Array, start: number, end: number): void {
    const used = this.#used + end - start;
    if (used > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * used);
      this.#bytes.copy(larger, 0, 0, this.#used);
      this.#bytes = larger;
    }
    for (let at = start; at < end; at++) this.#bytes[this.#used + at - start] = text[at] ?? 0;
    this.#used = used;
  }

  #head(text: Uint8Array, start: number, end: number): number {
    const { bytes, length } = this.#before;
    const most = Math.min(length, end - start, MOST_SHARED);
    let head = 0;
    while (head < most && bytes[head] === text[start + head]) head++;
    return head;
  }

  /** What both end with behind the `head` that both begin with. */
  #tail(text: Uint8Array, start: number, end: number, head: number): number {
    const { bytes, length } = this.#before;
    const most = Math.min(length - head, end - start, MOST_SHARED);
    let tail = 0;
    while (tail < most && bytes[length - 1 - tail] === text[end - 1 - tail]) tail++;
    return tail;
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
