import type { BellwetherConfig } from './config/bellwether-schema.ts';
import type { ReplicaFacts } from './core/sample.ts';
import { createPrometheusSource } from './ingest/prometheus-source.ts';
import { createScrapeSource, type ScrapeSource } from './ingest/scrape-source.ts';
import type { Source } from './ingest/source.ts';

/** A pod that is scraped directly. */
export interface ScrapeTarget {
  readonly url: string;
  readonly namespace: string;
  readonly pod: string;
}

export interface SourceWiring {
  readonly config: BellwetherConfig;
  readonly now: () => number;
  /** Virtual time: nothing is scraped but by `scrapeOnce`. */
  readonly lockStep: boolean;
  /** In place of the configured targets, asked again before every scrape. */
  readonly targets?: (() => readonly ScrapeTarget[]) | undefined;
  readonly replicas?: ((namespace: string) => ReplicaFacts | undefined) | undefined;
}

export interface WiredSource {
  readonly source: Source;
  /** Direct scrape only. */
  readonly scrape: ScrapeSource | null;
}

/** The source that a configuration asks for. */
export function wireSource({ config, now, lockStep, targets, replicas }: SourceWiring): WiredSource {
  const { prometheus, scrape, settle, staleAfter, historyLimit, evaluationInterval } = config;
  if (scrape !== undefined) {
    const source = createScrapeSource({
      targets: targets ?? (() => scrape.targets),
      interval: scrape.interval,
      staleAfter,
      historyLimit,
      now,
      autoStart: !lockStep,
      ...(replicas && { replicas: (fleet) => replicas(fleet.id.namespace) }),
    });
    return { source, scrape: source };
  }
  if (prometheus === undefined) throw new Error('a valid configuration has prometheus or scrape');
  const source = createPrometheusSource({
    ...prometheus,
    settle,
    staleAfter,
    evaluationInterval,
    ...(lockStep ? {} : { clock: { now, maxAhead: staleAfter } }),
    now,
    random: Math.random,
  });
  return { source, scrape: null };
}
