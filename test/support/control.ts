import pino from 'pino';
import type { Calendar } from '../../src/calendar/calendar.ts';
import { BellwetherConfig } from '../../src/config/bellwether-schema.ts';
import type { Revision } from '../../src/config/revision.ts';
import type { PolicyFields } from '../../src/core/policy.ts';
import type { Sample } from '../../src/core/sample.ts';
import type { TrafficBucket } from '../../src/core/traffic-bucket.ts';
import type {
  FleetQuery,
  History,
  HistoryRange,
  Reading,
  Source,
  SourceStatus,
  TrafficRange,
} from '../../src/ingest/source.ts';

export const silent = pino({ level: 'silent' });

export function aRevision(
  policies: Record<string, PolicyFields> = { default: { maxReplicas: 10 } },
  options: { id?: string; calendars?: Record<string, Calendar>; config?: object } = {},
): Revision {
  return {
    id: options.id ?? 'first',
    config: BellwetherConfig.parse({
      prometheus: { url: 'http://127.0.0.1:1' },
      defaults: { policy: 'default' },
      ...options.config,
    }),
    policies: new Map(Object.entries(policies)),
    calendars: new Map(Object.entries(options.calendars ?? {})),
    fleets: [],
    warnings: [],
  };
}

/** A source whose samples are a function of fleet and instant, live and past alike. */
export class ScriptedSource implements Source {
  readonly asked: HistoryRange[] = [];
  historyDelay: Promise<void> = Promise.resolve();
  historyFailure: Error | null = null;
  exported: History['exported'] = [];
  readDelay: Promise<void> = Promise.resolve();
  #sample: (fleet: FleetQuery, at: number) => Sample;
  /** Nothing is known before this instant. */
  readonly since: number;

  constructor(sample: (fleet: FleetQuery, at: number) => Sample, since = Number.NEGATIVE_INFINITY) {
    this.#sample = sample;
    this.since = since;
  }

  async read(at: number): Promise<Reading> {
    await this.readDelay;
    return { at, sampleOf: (fleet) => this.#sample(fleet, at) };
  }

  async history(range: HistoryRange, fleets: readonly FleetQuery[]): Promise<ReadonlyMap<string, History>> {
    this.asked.push(range);
    await this.historyDelay;
    if (this.historyFailure) throw this.historyFailure;
    return new Map(
      fleets.map((fleet) => [fleet.key, { samples: this.#past(range, fleet), exported: this.exported }]),
    );
  }

  #past({ from, to, step }: HistoryRange, fleet: FleetQuery): Sample[] {
    const samples: Sample[] = [];
    for (let at = from; at <= to; at += step) if (at >= this.since) samples.push(this.#sample(fleet, at));
    return samples;
  }

  /** Traffic of days past, by fleet. */
  past: (fleet: FleetQuery, range: TrafficRange) => readonly TrafficBucket[] = () => [];
  trafficFailure: Error | null = null;
  readonly trafficAsked: TrafficRange[] = [];

  async traffic(
    range: TrafficRange,
    fleets: readonly FleetQuery[],
  ): Promise<ReadonlyMap<string, readonly TrafficBucket[]>> {
    this.trafficAsked.push(range);
    if (this.trafficFailure) throw this.trafficFailure;
    return new Map(fleets.map((fleet) => [fleet.key, this.past(fleet, range)]));
  }

  status(): SourceStatus {
    return { name: 'prometheus', up: true, error: null, lastSuccess: null, requests: 0 };
  }

  async close(): Promise<void> {}
}
