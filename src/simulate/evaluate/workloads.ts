import type { ProfileName } from '../profiles.ts';

/** So many times the traffic. */
export const VOLUMES = [1, 5, 20] as const;
export type Volume = (typeof VOLUMES)[number];

/** Medians of the cold start on a warm node, s; lognormal with sigma 0.35. */
export const COLD_STARTS = [30, 95, 300] as const;
export type ColdStartSeconds = (typeof COLD_STARTS)[number];

/** ISO 8601 instants, half-open. */
export interface SpanText {
  readonly from: string;
  readonly to: string;
}

/** Requests that policies are judged by. */
export interface Workload {
  readonly name: string;
  readonly kind: 'generated' | 'raw' | 'reconstructed';
  readonly origin: string;
  /** Of `--data`; null for what is generated. */
  readonly file: { readonly name: string; readonly sha256: string } | null;
  readonly generated: { readonly seed: number; readonly from: string; readonly days: number } | null;
  /** When its first second was. */
  readonly start: string;
  /** A file of `calendars/`, where one says something of this traffic. */
  readonly calendar: string | null;
  readonly objectiveMs: number;
  /** Whether there are days to learn from: what is before the scored span is history for those that learn. */
  readonly season: boolean;
  readonly coldStarts: readonly ColdStartSeconds[];
  /** What is run and scored; longer traces in part where volume makes them long to compute. */
  readonly scored: Readonly<Record<Volume, SpanText>>;
  readonly profile: Readonly<Record<Volume, ProfileName>>;
  /** Everybody's limit, in multiples of what the busiest five minutes need. Default 1.5. */
  readonly limitOverPeak?: number;
  /** The sweeps saw it. */
  readonly tuning?: true;
}

const A10G = { 1: 'a10g-mistral-7b', 5: 'a10g-mistral-7b', 20: 'a10g-mistral-7b' } as const;
const AZURE = 'Azure/AzurePublicDataset (b469a113cedc), CC-BY-4.0';

const same = (from: string, to: string): Workload['scored'] => {
  const span = { from, to };
  return { 1: span, 5: span, 20: span };
};

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'finsight-tuning',
    kind: 'generated',
    origin: 'the FinSight workload of docs/simulator.md, seed 1',
    file: null,
    generated: { seed: 1, from: '2026-10-05', days: 14 },
    start: '2026-10-05T04:00:00Z',
    calendar: 'us-equities',
    objectiveMs: 2_000,
    season: true,
    coldStarts: COLD_STARTS,
    scored: same('2026-10-12T04:00:00Z', '2026-10-15T04:00:00Z'),
    profile: A10G,
    tuning: true,
  },
  {
    name: 'finsight',
    kind: 'generated',
    origin: 'the FinSight workload, another seed and other weeks: Thanksgiving and an early close are scored',
    file: null,
    generated: { seed: 2, from: '2026-11-16', days: 14 },
    start: '2026-11-16T05:00:00Z',
    calendar: 'us-equities',
    objectiveMs: 2_000,
    season: true,
    coldStarts: COLD_STARTS,
    scored: {
      1: { from: '2026-11-24T05:00:00Z', to: '2026-11-28T05:00:00Z' },
      5: { from: '2026-11-23T05:00:00Z', to: '2026-11-25T05:00:00Z' },
      20: { from: '2026-11-23T05:00:00Z', to: '2026-11-24T05:00:00Z' },
    },
    profile: A10G,
  },
  {
    name: 'azure2024-code-week',
    kind: 'reconstructed',
    origin: `rates read from a plot of ${AZURE}; arrivals Poisson, lengths drawn from azure2023-code`,
    file: {
      name: 'recon_azure2024_code_week.csv.gz',
      sha256: 'dac37153ebcb8e20eb52095dfe147bfba2b543838dcc5ed9e2ed1e05e5876586',
    },
    generated: null,
    start: '2024-05-10T00:00:00Z',
    calendar: 'office-hours-us',
    objectiveMs: 4_000,
    season: true,
    coldStarts: COLD_STARTS,
    scored: {
      1: { from: '2024-05-14T04:00:00Z', to: '2024-05-17T00:00:00Z' },
      5: { from: '2024-05-15T04:00:00Z', to: '2024-05-16T04:00:00Z' },
      20: { from: '2024-05-15T08:00:00Z', to: '2024-05-16T00:00:00Z' },
    },
    profile: A10G,
  },
  {
    name: 'servegen-m-small',
    kind: 'reconstructed',
    origin: 'alibaba/ServeGen data/language/m-small (f891d1189eb3), Apache-2.0, at 0.03 of its volume',
    file: {
      name: 'recon_servegen_msmall_14d.csv.gz',
      sha256: '607192bc21adfc699b032594b8cb45178a89d71b7016dde6d0fc81371fecb9b8',
    },
    generated: null,
    // Its zone and dates are not published: it is laid on two weeks that begin with a Monday.
    start: '2026-01-05T00:00:00Z',
    calendar: null,
    objectiveMs: 2_000,
    season: true,
    coldStarts: COLD_STARTS,
    scored: {
      1: { from: '2026-01-12T00:00:00Z', to: '2026-01-14T00:00:00Z' },
      5: { from: '2026-01-12T00:00:00Z', to: '2026-01-13T00:00:00Z' },
      20: { from: '2026-01-12T00:00:00Z', to: '2026-01-13T00:00:00Z' },
    },
    profile: A10G,
  },
  {
    name: 'azure2023-conv',
    kind: 'raw',
    origin: `data/AzureLLMInferenceTrace_conv.csv of ${AZURE}`,
    file: {
      name: 'azure2023_conv.csv.gz',
      sha256: '4ba67eb29b16b53133ee19be9fd8bae68107b9df7be928f1df0d814b9ece4f1a',
    },
    generated: null,
    start: '2026-01-05T10:00:00Z',
    calendar: null,
    objectiveMs: 2_000,
    season: false,
    coldStarts: [30, 95],
    scored: same('2026-01-05T10:00:00Z', '2026-01-05T10:58:00Z'),
    profile: { ...A10G, 20: 'h100-llama-3.1-8b' },
  },
  {
    name: 'azure2023-code',
    kind: 'raw',
    origin: `data/AzureLLMInferenceTrace_code.csv of ${AZURE}`,
    file: {
      name: 'azure2023_code.csv.gz',
      sha256: 'f0da9a5b770afa35bb3b1ea1c2811146a214c69c5284a05332ccadb487d2cf29',
    },
    generated: null,
    start: '2026-01-05T10:00:00Z',
    calendar: null,
    objectiveMs: 4_000,
    season: false,
    coldStarts: [30, 95],
    scored: same('2026-01-05T10:00:00Z', '2026-01-05T10:57:00Z'),
    profile: { ...A10G, 20: 'a100-llama-3-8b' },
    // Its bursts are shorter than five minutes: within 1.5 times that need not even the oracle has 99 % in time.
    limitOverPeak: 5,
  },
];

/** Runs with other cold starts and loop phases, by volume: what costs most has fewest. */
export const SEEDS: Readonly<Record<Volume, number>> = { 1: 5, 5: 3, 20: 2 };
/** Cold starts for which the oracle is found, by volume: it costs as much as twenty policies. With the first seed only. */
export const ORACLE_COLD_STARTS: Readonly<Record<Volume, readonly ColdStartSeconds[]>> = {
  1: COLD_STARTS,
  5: COLD_STARTS,
  20: [95],
};
