import { Agent } from 'undici';
import { absentSample, type ReplicaFacts, type Sample } from '../core/sample.ts';
import { runningByPod, sampleFrom } from './fold.ts';
import { nextInstant } from './instant.ts';
import { mapLimited } from './limited.ts';
import { EMPTY_MEMORY, type Memory, MISSING_FOR } from './memory.ts';
import { keysOf } from './plan.ts';
import { type Scrape, tablesOf } from './scrape-tables.ts';
import { type ScrapeTarget, scrapeTarget } from './scrape-target.ts';
import type { FleetQuery, History, HistoryRange, Reading, Source, SourceStatus } from './source.ts';

export interface ScrapeSourceOptions {
  /** Asked at each scrape, so that they may change; a target that is no longer listed is a pod that is gone. */
  readonly targets: readonly ScrapeTarget[] | (() => readonly ScrapeTarget[]);
  /** Milliseconds between scrapes. */
  readonly interval: number;
  readonly staleAfter: number;
  /** Milliseconds of scrapes to keep; `MISSING_FOR` more are kept for what is missing. */
  readonly historyLimit: number;
  readonly now: () => number;
  /** false: no timers of its own, `scrapeOnce` drives it. Default true. */
  readonly autoStart?: boolean | undefined;
  /** Replica counts from elsewhere (a demo knows its own); undefined for a fleet: the pods that report. */
  readonly replicas?: ((fleet: FleetQuery, at: number) => ReplicaFacts | undefined) | undefined;
}

export interface ScrapeSource extends Source {
  /** Scrapes all targets now, and calls that instant `at` (epoch ms, never before an earlier one). Never rejects. */
  scrapeOnce(at: number): Promise<void>;
}

const CONCURRENCY = 16;
const LONGEST_TIMEOUT = 10_000;

/** A source that scrapes `/metrics` pages itself and keeps what it read in memory. */
export function createScrapeSource(options: ScrapeSourceOptions): ScrapeSource {
  const { interval, staleAfter, historyLimit, now } = options;
  const agent = new Agent({ connections: 1 });
  const closing = new AbortController();
  const timeout = Math.min(interval, LONGEST_TIMEOUT);
  let scrapes: Scrape[] = [];
  let memory: Memory = EMPTY_MEMORY;
  let busy: Promise<void> | null = null;
  let status: SourceStatus = {
    name: 'scrape',
    up: false,
    error: 'not scraped yet',
    lastSuccess: null,
    requests: 0,
  };

  async function scrape(at: number): Promise<void> {
    const targets = typeof options.targets === 'function' ? options.targets() : options.targets;
    const pages = await mapLimited(targets, CONCURRENCY, async (target) => ({
      target,
      page: await scrapeTarget(agent, target, timeout, closing.signal),
    }));
    if (closing.signal.aborted) return;
    const oldest = at - historyLimit - MISSING_FOR;
    scrapes = [...scrapes.filter((one) => one.at >= oldest && one.at < at), { at, pages }];
    status = statusOf(pages, at, status);
  }

  async function scrapeOnce(at: number): Promise<void> {
    while (busy) await busy;
    busy = scrape(at).finally(() => {
      busy = null;
    });
    await busy;
  }

  function sampleOf(fleet: FleetQuery, instant: Parameters<typeof sampleFrom>[0]): Sample {
    const sample = sampleFrom(instant, fleet);
    const replicas = options.replicas?.(fleet, instant.at) ?? { ...sample.replicas, source: 'direct scrape' };
    return { ...sample, replicas };
  }

  function history(range: HistoryRange, fleets: readonly FleetQuery[]): ReadonlyMap<string, History> {
    const keys = keysOf(fleets);
    const samples = new Map<string, Sample[]>(fleets.map((fleet) => [fleet.key, []]));
    let past: Memory = EMPTY_MEMORY;
    for (
      let at = Math.ceil((range.from - MISSING_FOR) / range.step) * range.step;
      at <= range.to;
      at += range.step
    ) {
      const latest = scrapes.findLast((one) => one.at <= at);
      if (!latest) continue;
      const next = nextInstant(past, tablesOf(latest, at, keys), staleAfter);
      past = next.memory;
      if (at < range.from) continue;
      for (const fleet of fleets) samples.get(fleet.key)?.push(sampleOf(fleet, next.instant));
    }
    return new Map(fleets.map(({ key }) => [key, { samples: samples.get(key) ?? [], exported: [] }]));
  }

  const timer =
    options.autoStart === false ? undefined : setInterval(() => !busy && void scrapeOnce(now()), interval);
  if (timer) void scrapeOnce(now());

  return {
    scrapeOnce,
    async read(at, fleets): Promise<Reading> {
      const latest = scrapes.findLast((one) => one.at <= at);
      if (!latest)
        return { at, sampleOf: (fleet) => absentSample(at, 'nothing was scraped yet', factsOf(fleet, at)) };
      const next = nextInstant(memory, tablesOf(latest, at, keysOf(fleets)), staleAfter);
      memory = next.memory;
      return {
        at,
        sampleOf: (fleet) => sampleOf(fleet, next.instant),
        runningOf: (fleet) => runningByPod(next.instant, fleet),
      };
    },
    history: async (range, fleets) => history(range, fleets),
    // What is scraped is kept for `historyLimit`, which holds no days.
    traffic: async () => new Map(),
    status: () => status,
    async close() {
      clearInterval(timer);
      closing.abort();
      await agent.destroy();
    },
  };

  function factsOf(fleet: FleetQuery, at: number): ReplicaFacts | undefined {
    return options.replicas?.(fleet, at);
  }
}

/** Up as long as one target answers; with none listed there is nothing that could be down. */
function statusOf(pages: Scrape['pages'], at: number, before: SourceStatus): SourceStatus {
  const errors = pages.map(({ page }) => page).filter((page) => typeof page === 'string');
  const up = pages.length === 0 || errors.length < pages.length;
  const error = up ? null : `no target answers: ${errors[0]}`;
  return { name: 'scrape', up, error, lastSuccess: up ? at : before.lastSuccess, requests: pages.length };
}
