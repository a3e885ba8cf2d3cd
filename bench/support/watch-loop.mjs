/**
 * Preloaded into the benched process: every message asks how long the event loop was blocked since the one before, and
 * for its memory. The histogram's own timer fires each ms, which is taken off. It runs from the first message on: it
 * costs some tens of ms of CPU in 5 s, which are not the program's.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
process.on('message', () => {
  const ms = (ns) => Math.max(0, ns / 1e6 - RESOLUTION);
  process.send?.({ p99: ms(delay.percentile(99)), max: ms(delay.max), memory: process.memoryUsage() });
  delay.enable();
  delay.reset();
});
process.channel?.unref();
