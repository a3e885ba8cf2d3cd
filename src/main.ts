import type { Logger } from 'pino';
import type { BellwetherConfig } from './config/bellwether-schema.ts';
import type { Revision } from './config/revision.ts';
import { watchRevision } from './config/watch.ts';
import { Control } from './control/control.ts';
import { startGridClock } from './control/grid-clock.ts';
import { startHousekeeping, warnCoverage } from './control/housekeeping.ts';
import { formatProblem, type Problem } from './core/problem.ts';
import type { ReplicaFacts } from './core/sample.ts';
import { createDecisionLog } from './serve/decision-log.ts';
import { startGrpcServer } from './serve/grpc/server.ts';
import { startHttpServer } from './serve/http/server.ts';
import { createMetrics } from './serve/metrics.ts';
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
  const { configFile, log, clock } = options;
  let virtualNow = 0;
  const now = clock === 'virtual' ? () => virtualNow : Date.now;
  let revision = options.revision;
  const wire = (): WiredSource =>
    wireSource({
      config: revision.config,
      now,
      lockStep: clock === 'virtual',
      targets: options.targets,
      replicas: options.replicas,
    });
  let wired = wire();
  const metrics = createMetrics({ now });
  const decisions = createDecisionLog(log);
  metrics.configured(revision.id, true);
  const control = new Control({
    revision,
    source: wired.source,
    log,
    now,
    onSnapshot(records, cycle) {
      metrics.observeSnapshot(records);
      metrics.observeSource(wired.source.status());
      metrics.evaluated(cycle.durationMs);
      decisions.observe(records);
    },
    onSkipped: () => metrics.skipped(1),
  });
  const coverage = (): void =>
    metrics.calendarsCovered(
      new Map([...revision.calendars].map(([name, calendar]) => [name, calendar.coveredUntil])),
    );
  coverage();

  const servers = await startServers(revision.config, { control, metrics, log, now });
  const housekeeping = startHousekeeping({
    log,
    now,
    revision: () => revision,
    forget: (idleMs) => control.forget(idleMs),
  });
  const watcher = watchRevision({
    file: configFile,
    initial: revision,
    onRevision(next) {
      const before = revision;
      revision = next;
      const stale = sourceSettings(before.config) === sourceSettings(next.config) ? null : wired;
      if (stale !== null) wired = wire();
      control.use(next, wired.source);
      void stale?.source.close();
      housekeeping.reschedule();
      metrics.configured(next.id, true);
      coverage();
      report(log, next.warnings);
      log.info(
        { revision: next.id, policies: next.policies.size, calendars: next.calendars.size },
        'configuration reloaded',
      );
      if (listenSettings(before.config) !== listenSettings(next.config))
        log.warn({}, 'listen and tls take effect at the next start');
    },
    onRefused(problems) {
      control.refuse(problems.map(formatProblem));
      metrics.configured(revision.id, false);
      report(log, problems);
      log.error(
        { revision: revision.id, problems: problems.length },
        'configuration refused; the last good revision keeps serving',
      );
    },
  });
  report(log, revision.warnings);
  if (clock === 'real') warnCoverage({ log, now, revision: () => revision, forget: () => 0 });
  const stopClock =
    clock === 'virtual'
      ? () => {}
      : startGridClock({
          now,
          interval: () => revision.config.evaluationInterval,
          onInstant: (at) => void control.turn(at),
        });

  let closing: Promise<void> | null = null;
  return {
    grpcAddress: servers.grpc.address,
    httpAddress: servers.httpAddress,
    async turn(at) {
      virtualNow = at;
      await wired.scrape?.scrapeOnce(at);
      await control.turn(at);
    },
    close() {
      closing ??= (async () => {
        stopClock();
        watcher.close();
        housekeeping.stop();
        await servers.grpc.drain();
        await servers.http.close();
        control.close();
        await wired.source.close();
      })();
      return closing;
    },
  };
}

interface Served {
  readonly now: () => number;
  readonly control: Control;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly log: Logger;
}

async function startServers(config: BellwetherConfig, { control, metrics, log, now }: Served) {
  const { tls, listen } = config;
  const grpc = await startGrpcServer({
    scaler: control,
    address: listen.grpc,
    log,
    onCall: (method, code) => metrics.grpcCall(method, code),
    ...(tls && { tls }),
  });
  const address = typeof listen.http === 'string' ? listen.http : listen.http.address;
  const tokenFile = typeof listen.http === 'string' ? undefined : listen.http.bearerTokenFile;
  try {
    const http = await startHttpServer({
      scaler: control,
      metricsText: () => metrics.text(),
      address,
      log,
      now,
      ...(tokenFile !== undefined && { bearerTokenFile: tokenFile }),
    });
    const host = address.slice(0, address.lastIndexOf(':')).replace(/^(0\.0\.0\.0|\[::\])$/, '127.0.0.1');
    const httpAddress = `http://${host}:${http.port}`;
    log.info({ grpc: grpc.address, http: httpAddress }, 'serving');
    return { grpc, http, httpAddress };
  } catch (reason) {
    await grpc.drain();
    throw reason;
  }
}

function sourceSettings({ prometheus, scrape, settle, staleAfter, historyLimit }: BellwetherConfig): string {
  return JSON.stringify({ prometheus, scrape, settle, staleAfter, historyLimit });
}

function listenSettings({ listen, tls }: BellwetherConfig): string {
  return JSON.stringify({ listen, tls });
}

function report(log: Logger, problems: readonly Problem[]): void {
  for (const problem of problems) {
    const line = { problem: formatProblem(problem) };
    if (problem.severity === 'error') log.error(line, 'configuration error');
    else log.warn(line, 'configuration warning');
  }
}
