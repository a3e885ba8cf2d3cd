/** How long work may keep the event loop, ms: RPCs are answered in between. */
const SLICE = 2;

/** Where long work pauses; shared by all that works at once, so that they do not each take their slice of one turn. */
export interface Slicer {
  /** Something to wait for when the slice is used up; after it, ask again. Undefined: go on. */
  pause(): Promise<void> | undefined;
}

export function createSlicer(): Slicer {
  let end = 0;
  let turn: Promise<void> | undefined;
  return {
    pause() {
      if (performance.now() < end) return undefined;
      turn ??= new Promise((resolve) => {
        setImmediate(() => {
          turn = undefined;
          end = performance.now() + SLICE;
          resolve();
        });
      });
      return turn;
    },
  };
}

/** Waits until there is a slice to work in; at once while the one at hand is not used up. */
export async function untilTurn(slicer: Slicer): Promise<void> {
  for (let pause = slicer.pause(); pause !== undefined; pause = slicer.pause()) await pause;
}

/** Items between two steps of work, where one takes about a microsecond. */
const STRIDE = 1_000;

/** The items, with a step after every thousand. */
export function* strided<T>(items: Iterable<T>, use: (item: T) => void): Generator<void, void> {
  let left = STRIDE;
  for (const item of items) {
    use(item);
    if (--left > 0) continue;
    left = STRIDE;
    yield;
  }
}

/** The numbers from 0 to `count`, with a step after every thousand. */
export function* counted(count: number, use: (index: number) => void): Generator<void, void> {
  for (let first = 0; first < count; first += STRIDE) {
    const end = Math.min(count, first + STRIDE);
    for (let index = first; index < end; index++) use(index);
    yield;
  }
}

/** Work in steps, done at once. */
export function finish<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same work, the event loop's other business done between its steps. */
export async function finishInSlices<T>(steps: Generator<void, T>, slicer: Slicer): Promise<T> {
  for (;;) {
    await untilTurn(slicer);
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
