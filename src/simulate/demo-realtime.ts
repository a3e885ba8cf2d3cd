import { setTimeout as pause } from 'node:timers/promises';
import { type Demo, type DemoOptions, drive, finishedDemo } from './demo.ts';
import { calendarOpeningAt, writeDemoConfig } from './demo-config.ts';
import { serveFleets } from './http.ts';
import { createStages, type DrivenStage, type MorningTimes, type Stage } from './morning.ts';
import { startPrometheus } from './prometheus-process.ts';

/** Until the bell, and from it to the end: enough for a lead of 5 minutes, and for the burst to pass. */
const BEFORE_MS = 600_000;
const AFTER_MS = 900_000;
/** How often the world catches up with the clock. */
const STEP_MS = 1_000;
const POLLING_MS = 30_000;
const SYNC_MS = 15_000;

/**
 * The same morning by the machine's clock: the bell rings in ten minutes, a real Prometheus scrapes the fleet and the
 * scaler reads Prometheus, its loop turning by itself. Its calendar opens at that bell, with the floor from 3 minutes before.
 */
export async function runRealtimeDemo(options: DemoOptions): Promise<Demo> {
  const times = options.times ?? startingAt(Date.now());
  const stages = createStages({ seed: options.seed, times, metadata: { scaleTarget: 'deployment/vllm' } });
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const server = await serveFleets(
      stages.map((stage) => ({ ...stage.scaledObject, ...stage, fleet: stage.world.fleet })),
    );
    closers.push(server.close);
    const prometheus = await startPrometheus(server.url);
    closers.push(prometheus.stop);
    const config = await writeDemoConfig({
      source: { prometheus: { url: prometheus.url }, settle: '2s' },
      httpPort: options.port,
      calendar: options.calendar ?? calendarOpeningAt(times.open, 'open-3m'),
    });
    closers.push(config.remove);
    const scaler = await options.startScaler({ configFile: config.file, clock: 'real' });
    closers.push(scaler.close);
    const driven = stages.map((stage) => drive(stage, scaler.grpcAddress));
    closers.push(() => {
      for (const { driver } of driven) driver.close();
    });
    options.onStart?.(scaler);
    const readyAtOpen = await playRealtime(options, times, driven);
    return finishedDemo({ options, times, stages, scaler, readyAtOpen, close });
  } catch (error) {
    await close();
    throw error;
  }
}

function startingAt(now: number): MorningTimes {
  const start = Math.ceil(now / 60_000) * 60_000;
  return { start, open: start + BEFORE_MS, end: start + BEFORE_MS + AFTER_MS };
}

async function playRealtime(
  { signal, onInstant }: DemoOptions,
  times: MorningTimes,
  stages: readonly DrivenStage[],
): Promise<ReadonlyMap<string, number>> {
  const readyAtOpen = new Map<string, number>();
  for (let at = times.start; at <= times.end && signal?.aborted !== true; at += STEP_MS) {
    await pause(Math.max(0, at - Date.now()), undefined, signal && { signal }).catch(() => undefined);
    advance(stages, at);
    if (at <= times.open)
      for (const { label, world } of stages) readyAtOpen.set(label, world.fleet.readyReplicas);
    const elapsed = at - times.start;
    for (const { driver } of stages) {
      if (elapsed % POLLING_MS === 0) await driver.poll(at);
      if (elapsed % SYNC_MS === 0) await driver.sync(at);
    }
    await onInstant?.(at, stages);
  }
  return readyAtOpen;
}

function advance(stages: readonly Stage[], at: number): void {
  for (const { world } of stages) world.advance(at);
}
