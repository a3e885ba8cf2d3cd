import type { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { BellwetherConfig } from './config/bellwether-schema.ts';
import type { Revision } from './config/revision.ts';
import { Control } from './control/control.ts';
import { startGridClock } from './control/grid-clock.ts';
import { startHousekeeping } from './control/housekeeping.ts';
import type { TriggerRef } from './control/scaler.ts';
import type { ReplicaFacts } from './core/sample.ts';
import { ScalerError } from './core/scaler-error.ts';
import { followConfiguration, type Live } from './follow-configuration.ts';
import type { Cluster } from './ingest/kubernetes/cluster.ts';
import { withCluster } from './ingest/kubernetes/with-cluster.ts';
import { createDecisionLog } from './serve/decision-log.ts';
import { startGrpcThread } from './serve/grpc/thread/start.ts';
import { startHttpServer } from './serve/http/server.ts';
import { createMetrics, type Metrics } from './serve/metrics.ts';
import { triggersOf, wireCluster } from './wire-cluster.ts';
import { type ScrapeTarget, type WiredSource, wireSource } from './wire-source.ts';

export interface StartOptions {
  /** bellwether.yaml, and the revision that was read from it. */
  readonly configFile: string;
  readonly revision: Revision;
  readonly log: Logger;
  /** virtual: nothing turns but by `turn(at)`, and the clock stands where the last turn was. */
  readonly clock: 'virtual' | 'real';
  readonly targets?: () => readonly ScrapeTarget[];
  /** In place of what direct scrape cannot see: replica counts of a namespace's Deployment. */
  readonly replicas?: (namespace: string) => ReplicaFacts | undefined;
  /** The thread of the RPCs, if it is open already. */
  readonly grpcThread?: Worker;
}

/** The scaler, serving. */
export interface Bellwether {
  readonly grpcAddress: string;
  readonly httpAddress: string;
  /** Virtual clock: reads and decides the grid instant `at`. */
  turn(at: number): Promise<void>;
  /** Graceful stop: streams end with OK, running calls finish. Idempotent. */
  close(): Promise<void>;
}

/** Wires the rooms together: config to control, control to the servers. The servers answer, in hold, before the first cycle. */
export async function startBellwether(options: StartOptions): Promise<Bellwether> {
  const { log, clock } = options;
  let virtualNow = 0;
  const now = clock === 'virtual' ? () => virtualNow : Date.now;
  const metrics = createMetrics({ now });
  const cluster =
    clock === 'virtual'
      ? null
      : await wireCluster({
          config: options.revision.config,
          log,
          now,
          onTrigger: (ref) => enrol(control, ref, log),
          onColdStart(fleet, key, start) {
            metrics.coldStarted(fleet, start.total);
            metrics.coldStartLevers(fleet, start.levers);
            control.coldStarted(key, start);
          },
        });
  const wire = ({ config }: Revision): WiredSource => {
    const wired = wireSource({
      config,
      now,
      lockStep: clock === 'virtual',
      targets: options.targets,
      replicas: options.replicas,
    });
    return cluster === null ? wired : { ...wired, source: withCluster(wired.source, cluster) };
  };
  const live: Live = { revision: options.revision, wired: wire(options.revision) };
  const control: Control = createControl(live, { metrics, log, now, cluster });
  const servers = await startServers(live.revision.config, {
    control,
    metrics,
    log,
    now,
    worker: options.grpcThread,
  }).catch(async (reason: unknown) => {
    control.close();
    await live.wired.source.close();
    await cluster?.close();
    throw reason;
  });
  const housekeeping = startHousekeeping({
    log,
    now,
    revision: () => live.revision,
    forget(idleMs) {
      // A ScaledObject that is there is not forgotten, whether or not KEDA asks.
      for (const object of cluster?.scaledObjects() ?? [])
        for (const ref of triggersOf(object)) control.resolve(ref);
      return control.forget(idleMs);
    },
  });
  const watcher = followConfiguration({
    file: options.configFile,
    live,
    wire,
    control,
    metrics,
    housekeeping,
    log,
  });
  if (clock === 'real') housekeeping.warnCoverage();
  const stopClock = clock === 'real' ? startClock(live, control, now) : () => {};
  const stop = async (): Promise<void> => {
    stopClock();
    watcher.close();
    housekeeping.stop();
    await servers.grpc.drain();
    await servers.http.close();
    control.close();
    await live.wired.source.close();
    await cluster?.close();
  };
  let stopped: Promise<void> | null = null;
  return {
    grpcAddress: servers.grpc.address,
    httpAddress: servers.httpAddress,
    async turn(at) {
      virtualNow = at;
      await live.wired.scrape?.scrapeOnce(at);
      await control.turn(at);
      // What it came to is known on the other thread as well from here on.
      await servers.grpc.synced();
    },
    close() {
      stopped ??= stop();
      return stopped;
    },
  };
}

interface Surroundings {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly now: () => number;
}

function createControl(
  live: Live,
  { metrics, log, now, cluster }: Surroundings & { readonly cluster: Cluster | null },
): Control {
  const decisions = createDecisionLog(log);
  return new Control({
    revision: live.revision,
    source: live.wired.source,
    log,
    now,
    cluster,
    async onSnapshot(decided, cycle) {
      metrics.observeSnapshot(decided);
      metrics.observeSource(live.wired.source.status());
      metrics.evaluated(cycle.durationMs);
      await decisions.observe(decided);
    },
    onSkipped: () => metrics.skipped(1),
    onDropped: (why) => metrics.dropped(why),
  });
}

/** A trigger that the watch found; what is wrong with it KEDA will be told as well, and here the log. */
function enrol(control: Control, ref: TriggerRef, log: Logger): void {
  const found = control.resolve(ref);
  if (found instanceof ScalerError && found.code === 'invalid')
    log.warn({ namespace: ref.namespace, name: ref.name, why: found.message }, 'a trigger is refused');
}

function startClock(live: Live, control: Control, now: () => number): () => void {
  return startGridClock({
    now,
    interval: () => live.revision.config.evaluationInterval,
    onInstant: (at) => void control.turn(at),
  });
}

async function startServers(
  config: BellwetherConfig,
  {
    control,
    metrics,
    log,
    now,
    worker,
  }: Surroundings & { readonly control: Control; readonly worker: Worker | undefined },
) {
  const { tls, listen } = config;
  // Both at once: a thread takes its time to start.
  const thread = startGrpcThread({
    scaler: control,
    address: listen.grpc,
    log,
    onCalls: (method, code, count) => metrics.grpcCalls(method, code, count),
    worker,
    ...(tls && { tls }),
  });
  const address = typeof listen.http === 'string' ? listen.http : listen.http.address;
  const tokenFile = typeof listen.http === 'string' ? undefined : listen.http.bearerTokenFile;
  const [grpc, http] = await Promise.allSettled([
    thread,
    startHttpServer({
      scaler: control,
      async metricsText() {
        await (await thread).synced();
        return metrics.text();
      },
      address,
      log,
      now,
      ...(tokenFile !== undefined && { bearerTokenFile: tokenFile }),
    }),
  ]);
  if (grpc.status === 'rejected') {
    if (http.status === 'fulfilled') await http.value.close();
    throw grpc.reason;
  }
  if (http.status === 'rejected') {
    await grpc.value.drain();
    throw http.reason;
  }
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^(0\.0\.0\.0|\[::\])$/, '127.0.0.1');
  const httpAddress = `http://${host}:${http.value.port}`;
  log.info({ grpc: grpc.value.address, http: httpAddress }, 'serving');
  return { grpc: grpc.value, http: http.value, httpAddress };
}
