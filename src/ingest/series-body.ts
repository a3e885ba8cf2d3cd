import { StringDecoder } from 'node:string_decoder';
import { boundedChunks } from './bounded-body.ts';
import { type Slicer, untilTurn } from './slices.ts';

/** The series of a body, and the document without them: `{"status":"success","data":{…,"result":[…]}}`. */
export interface SeriesBody<T> {
  readonly items: readonly T[];
  /** Holds the last series still, and all of them where the body is not as we know it. */
  readonly rest: string;
}

export interface SeriesReading<T> {
  /** Bytes. */
  readonly limit: number;
  readonly slicer: Slicer;
  /** What an element of the result is; null: nothing to keep, undefined: none that can be read. */
  readonly itemOf: (element: unknown) => T | null | undefined;
}

const HEAD = '"result":[{"metric":';
const RESULT = '"result":[';
/**
 * Between two elements as Prometheus and its kin write them, without white space. It cannot stand inside of a string:
 * there the first quote would be escaped, or end the string before what is no JSON.
 */
const BETWEEN = '},{"metric":';
/** What is longer without an end in sight is left to the caller. */
const LONGEST = 1 << 20;

/**
 * Takes the series of an answer out of its body while it comes in, some hundred at a time, so that an answer of 10 MB
 * keeps the event loop no longer than one of 10 kB and is never in memory as one text. What differs from the shape that
 * it knows is left in `rest`, which the caller parses as any JSON. Rejects with BodyTooLarge.
 */
export async function readSeriesBody<T>(
  body: AsyncIterable<Uint8Array>,
  { limit, slicer, itemOf }: SeriesReading<T>,
): Promise<SeriesBody<T>> {
  const decoder = new StringDecoder('utf8');
  const scanner = createScanner(itemOf);
  for await (const chunk of boundedChunks(body, limit)) {
    await untilTurn(slicer);
    scanner.write(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
  }
  return scanner.end(decoder.end());
}

function createScanner<T>(itemOf: SeriesReading<T>['itemOf']) {
  const items: T[] = [];
  const rest: string[] = [];
  let place: 'head' | 'series' | 'rest' = 'head';
  let carry = '';

  /** Whether the elements that `text` lists could be read; if not, none of them was. */
  function take(text: string): boolean {
    const elements = parseList(text);
    if (elements === undefined) return false;
    const read = elements.map(itemOf);
    if (read.includes(undefined)) return false;
    for (const item of read) if (item !== null && item !== undefined) items.push(item);
    return true;
  }

  return {
    write(chunk: string): void {
      carry += chunk;
      const head = place === 'head' ? carry.indexOf(HEAD) : -1;
      if (head >= 0) {
        rest.push(carry.slice(0, head + RESULT.length));
        carry = carry.slice(head + RESULT.length);
        place = 'series';
      }
      const last = place === 'series' ? carry.lastIndexOf(BETWEEN) : -1;
      if (last >= 0 && take(carry.slice(0, last + 1))) carry = carry.slice(last + 2);
      else if (last >= 0 || carry.length > LONGEST) place = 'rest';
      if (place !== 'rest') return;
      rest.push(carry);
      carry = '';
    },
    end(last: string): SeriesBody<T> {
      rest.push(carry + last);
      return { items, rest: rest.join('') };
    },
  };
}

function parseList(text: string): unknown[] | undefined {
  try {
    return JSON.parse(`[${text}]`) as unknown[];
  } catch {
    return undefined;
  }
}
