import type { Logger } from 'pino';
import type { BellwetherConfig } from './config/bellwether-schema.ts';
import type { Revision } from './config/revision.ts';
import { type RevisionWatch, watchRevision } from './config/watch.ts';
import type { Control } from './control/control.ts';
import type { Housekeeping } from './control/housekeeping.ts';
import { formatProblem, type Problem } from './core/problem.ts';
import type { Metrics } from './serve/metrics.ts';
import type { WiredSource } from './wire-source.ts';

/** What serves now; replaced as a whole by a good reload. */
export interface Live {
  revision: Revision;
  wired: WiredSource;
}

export interface FollowOptions {
  /** bellwether.yaml. */
  readonly file: string;
  readonly live: Live;
  readonly wire: (revision: Revision) => WiredSource;
  readonly control: Control;
  readonly metrics: Metrics;
  readonly housekeeping: Housekeeping;
  readonly log: Logger;
}

/** Takes over every good state of the files and tells of every refused one, in log, metrics, /readyz and explain. */
export function followConfiguration(options: FollowOptions): RevisionWatch {
  const { file, live, control, metrics, log } = options;
  serveRevision(options, live.revision);
  return watchRevision({
    file,
    initial: live.revision,
    onRevision: (revision) => takeOver(options, revision),
    onRefused(problems) {
      control.refuse(problems.map(formatProblem));
      metrics.configured(live.revision.id, false);
      report(log, problems);
      const { id: revision } = live.revision;
      log.error(
        { revision, problems: problems.length },
        'configuration refused; the last good revision keeps serving',
      );
    },
  });
}

function takeOver(options: FollowOptions, revision: Revision): void {
  const { live, wire, control, housekeeping, log } = options;
  const before = live.revision.config;
  const stale = sourceSettings(before) === sourceSettings(revision.config) ? null : live.wired;
  live.revision = revision;
  if (stale !== null) live.wired = wire(revision);
  control.use(revision, live.wired.source);
  void stale?.source.close();
  housekeeping.reschedule();
  serveRevision(options, revision);
  const { id, policies, calendars } = revision;
  log.info({ revision: id, policies: policies.size, calendars: calendars.size }, 'configuration reloaded');
  if (startSettings(before) !== startSettings(revision.config))
    log.warn({}, 'listen, tls and kubernetes take effect at the next start');
}

function serveRevision({ metrics, log }: FollowOptions, { id, calendars, warnings }: Revision): void {
  metrics.configured(id, true);
  metrics.calendarsCovered(new Map([...calendars].map(([name, { coveredUntil }]) => [name, coveredUntil])));
  report(log, warnings);
}

function sourceSettings(config: BellwetherConfig): string {
  const { prometheus, scrape, settle, staleAfter, historyLimit, evaluationInterval } = config;
  return JSON.stringify({ prometheus, scrape, settle, staleAfter, historyLimit, evaluationInterval });
}

function startSettings({ listen, tls, kubernetes }: BellwetherConfig): string {
  return JSON.stringify({ listen, tls, kubernetes: { ...kubernetes, podDeletionCost: undefined } });
}

function report(log: Logger, problems: readonly Problem[]): void {
  for (const problem of problems) {
    const line = { problem: formatProblem(problem) };
    if (problem.severity === 'error') log.error(line, 'configuration error');
    else log.warn(line, 'configuration warning');
  }
}
