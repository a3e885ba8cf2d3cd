import { setFlagsFromString } from 'node:v8';

/**
 * How far the heap may grow over what is alive before it is collected, percent. V8's own choice lets it double and more: of 10,000
 * fleets that is 150 MB of decisions that nobody asks for any more. With 50 it is collected at one of three evaluations of them;
 * at each evaluation that would cost as much CPU as the evaluation.
 */
const HEAP_GROWING_PERCENT = 50;
/**
 * Space for young objects of threads that are started from here on, MB; the main one's is what it was started with. RPCs leave
 * 10 MB a second behind, of which hardly anything survives.
 */
const THREAD_YOUNG_MB = 2;
/** V8's own factor by which the space for young objects grows. */
const YOUNG_SPACE_GROWTH = 2;

/**
 * Keeps the space for young objects as small as it begins. While modules and schemas are loaded nearly all of them survive, which
 * V8 takes for a reason to double that space up to 32 MB, and it does not give it back: 10 MB of an idle scaler.
 */
export function startSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--max-semi-space-size=${THREAD_YOUNG_MB}`);
}

/** From here on the heap is as large as the fleets make it. */
export function growWithFleets(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  setFlagsFromString(`--semi-space-growth-factor=${YOUNG_SPACE_GROWTH}`);
}
