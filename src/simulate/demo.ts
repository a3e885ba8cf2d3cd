import { writeDemoConfig } from './demo-config.ts';
import { type FleetServer, serveFleets } from './http.ts';
import { connectExternalScaler } from './keda-client.ts';
import { createKedaDriver } from './keda-driver.ts';
import {
  createStages,
  type DrivenStage,
  demoMorning,
  type MorningResult,
  type MorningTimes,
  resultOf,
  type Stage,
} from './morning.ts';
import type { ReplicaProfile } from './profiles.ts';
import type { RunningScaler, StartScaler } from './scaler-under-demo.ts';

/** The scaler's evaluation interval, KEDA's pollingInterval and the HPA's sync period, ms of virtual time. */
const EVALUATION_MS = 5_000;
const POLLING_MS = 30_000;
const SYNC_MS = 15_000;

export interface DemoOptions {
  readonly startScaler: StartScaler;
  readonly seed: number;
  /** Port of the explain page; 0 takes a free one. */
  readonly port: number;
  readonly profile?: ReplicaProfile;
  /** Default: the trading morning of DEMO_DATE. */
  readonly times?: MorningTimes;
  /** Text of the calendar; default the shipped us-equities. */
  readonly calendar?: string;
  /** Called once everything serves, before the first instant. */
  readonly onStart?: (scaler: RunningScaler) => void;
  /** Called after each instant; may wait, to slow the morning down. */
  readonly onInstant?: (at: number, stages: readonly Stage[]) => Promise<void> | void;
  /** Stops between two instants. */
  readonly signal?: AbortSignal;
}

export interface DemoResult {
  readonly seed: number;
  readonly profile: string;
  readonly times: MorningTimes;
  /** False when the morning was cut short. */
  readonly complete: boolean;
  readonly mornings: readonly MorningResult[];
}

/** A finished demo that still serves the explain page. */
export interface Demo {
  readonly result: DemoResult;
  readonly scaler: RunningScaler;
  close(): Promise<void>;
}

/**
 * Runs the morning in lock-step: at every grid instant the worlds advance, the scaler scrapes them and decides, and the
 * driver asks it over gRPC as KEDA and the HPA do and scales the worlds. Nothing depends on how fast the machine is.
 */
export async function runDemo(options: DemoOptions): Promise<Demo> {
  const times = options.times ?? demoMorning();
  const stages = createStages({
    seed: options.seed,
    times,
    ...(options.profile && { profile: options.profile }),
  });
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const server = await serveFleets(
      stages.map((stage) => ({ ...stage.scaledObject, ...stage, fleet: stage.world.fleet })),
    );
    closers.push(server.close);
    const scaler = await startScaler(options, server, closers);
    const driven = stages.map((stage) => drive(stage, scaler.grpcAddress));
    closers.push(() => {
      for (const { driver } of driven) driver.close();
    });
    options.onStart?.(scaler);
    const readyAtOpen = await playMorning(options, times, scaler, driven);
    return finishedDemo({ options, times, stages, scaler, readyAtOpen, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Finished {
  readonly options: DemoOptions;
  readonly times: MorningTimes;
  readonly stages: readonly Stage[];
  readonly scaler: RunningScaler;
  readonly readyAtOpen: ReadonlyMap<string, number>;
  readonly close: () => Promise<void>;
}

/** What the morning came to, with everything still serving. */
export function finishedDemo({ options, times, stages, scaler, readyAtOpen, close }: Finished): Demo {
  const mornings = stages.map((stage) => resultOf(stage, times, readyAtOpen.get(stage.label) ?? 0));
  const complete = options.signal?.aborted !== true;
  const profile = stages[0]?.world.profile.name ?? '';
  return { result: { seed: options.seed, profile, times, complete, mornings }, scaler, close };
}

async function startScaler(
  { startScaler, port, calendar }: DemoOptions,
  server: FleetServer,
  closers: (() => Promise<void> | void)[],
): Promise<RunningScaler> {
  const config = await writeDemoConfig({
    source: { scrape: { targets: server.targets(), interval: '5s' } },
    httpPort: port,
    ...(calendar !== undefined && { calendar }),
  });
  closers.push(config.remove);
  const { targets, replicasOf: replicas } = server;
  const scaler = await startScaler({ configFile: config.file, clock: 'virtual', targets, replicas });
  closers.push(scaler.close);
  return scaler;
}

/** A stage with KEDA and the HPA at its controls. */
export function drive(stage: Stage, grpcAddress: string): DrivenStage {
  const { world, scaledObject } = stage;
  const client = connectExternalScaler(grpcAddress);
  const target = {
    get specReplicas() {
      return world.fleet.specReplicas;
    },
    get statusReplicas() {
      return world.fleet.statusReplicas;
    },
    scale: world.scale,
  };
  return { ...stage, driver: createKedaDriver({ client, scaledObject, target }) };
}

/** Replicas that were ready at the bell, by label. */
async function playMorning(
  { onInstant, signal }: DemoOptions,
  times: MorningTimes,
  scaler: RunningScaler,
  stages: readonly DrivenStage[],
): Promise<ReadonlyMap<string, number>> {
  const readyAtOpen = new Map<string, number>();
  for (let at = times.start; at <= times.end && signal?.aborted !== true; at += EVALUATION_MS) {
    for (const { world } of stages) world.advance(at);
    if (at <= times.open)
      for (const { label, world } of stages) readyAtOpen.set(label, world.fleet.readyReplicas);
    await scaler.turn(at);
    const elapsed = at - times.start;
    for (const { driver } of stages) {
      if (elapsed % POLLING_MS === 0) await driver.poll(at);
      if (elapsed % SYNC_MS === 0) await driver.sync(at);
    }
    await onInstant?.(at, stages);
  }
  return readyAtOpen;
}
