import { labelOf, type Metric, type Point, vectorOf } from './points.ts';
import { GAUGES, PLAIN_LABELS, RUNNING, WAITING } from './queries.ts';
import type { Scraped, ScrapeTarget } from './scrape-target.ts';
import { emptyTables, type Tables } from './tables.ts';

/** All targets' pages at one instant. */
export interface Scrape {
  /** Epoch ms. */
  readonly at: number;
  readonly pages: readonly { readonly target: ScrapeTarget; readonly page: Scraped }[];
}

const STAMPED: ReadonlySet<string> = new Set([...RUNNING, ...WAITING]);
const GAUGE: ReadonlySet<string> = new Set(GAUGES);

/**
 * A scrape as the tables that Prometheus' queries would have given at `at`: the target's labels win over the page's,
 * reasons of a counter are summed, a target that failed is `up` 0.
 */
export function tablesOf({ at: scrapedAt, pages }: Scrape, at: number, keys: readonly string[]): Tables {
  const gauges: Point[] = [];
  const stamps: Point[] = [];
  const counters = new Map<string, Point>();
  // A list of targets is never empty by accident, as a store may be.
  const up: Point[] = [{ metric: {}, value: pages.length }];
  for (const { target, page } of pages) {
    up.push({
      metric: { namespace: target.namespace, pod: target.pod },
      value: typeof page === 'string' ? 0 : 1,
    });
    if (typeof page === 'string') continue;
    for (const { name, labels, value, timestamp } of page) {
      if (!Number.isFinite(value)) continue;
      const metric = seriesLabels(name, labels, target);
      if (GAUGE.has(name)) gauges.push({ metric, value });
      else addTo(counters, { metric, value }, target);
      if (STAMPED.has(name)) stamps.push({ metric, value: (timestamp ?? scrapedAt) / 1000 });
    }
  }
  return {
    ...emptyTables(at, at, PLAIN_LABELS),
    keys,
    gauges: vectorOf(gauges),
    stamps: vectorOf(stamps),
    counters: vectorOf([...counters.values()]),
    up: vectorOf(up),
  };
}

function seriesLabels(name: string, labels: Metric, target: ScrapeTarget): Metric {
  return { ...labels, ...target.labels, namespace: target.namespace, pod: target.pod, __name__: name };
}

function addTo(counters: Map<string, Point>, { metric, value }: Point, target: ScrapeTarget): void {
  const key = ['__name__', 'model_name', 'engine', 'server'].map((name) => labelOf(metric, name)).join('\0');
  const id = `${target.url}\0${key}`;
  counters.set(id, { metric, value: (counters.get(id)?.value ?? 0) + value });
}
