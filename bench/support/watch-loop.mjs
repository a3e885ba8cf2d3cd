/**
 * Preloaded into the benched process: every message asks how long the event loop was blocked since the one before, and
 * for its memory. The histogram's own timer fires each ms, which is taken off.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
delay.enable();
process.on('message', () => {
  const ms = (ns) => Math.max(0, ns / 1e6 - RESOLUTION);
  process.send?.({ p99: ms(delay.percentile(99)), max: ms(delay.max), memory: process.memoryUsage() });
  delay.reset();
});
process.channel?.unref();
