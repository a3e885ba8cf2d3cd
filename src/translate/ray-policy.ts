import { formatDuration } from '../core/duration.ts';
import { RAY_DEFAULTS, type RayConfig, type RayField } from './ray-fields.ts';
import type { Note } from './translation.ts';
import type { YamlValue } from './yaml-text.ts';

/** The fields of a policy in the order in which they are written; durations in seconds, as Ray has them. */
export interface RayPolicy {
  readonly fields: ReadonlyMap<PolicyKey, YamlValue>;
  /** Fields that the source leaves to Ray's default. */
  readonly defaulted: ReadonlySet<PolicyKey>;
  readonly notes: readonly Note[];
}

const ORDER = [
  'minReplicas',
  'maxReplicas',
  'initialReplicas',
  'targetOngoingRequests',
  'upscaleDelay',
  'downscaleDelay',
  'downscaleToZeroDelay',
  'smoothingFactor',
  'upscalingFactor',
  'downscalingFactor',
  'lookBackPeriod',
  'aggregation',
] as const;
export type PolicyKey = (typeof ORDER)[number];

/** Ray's names for each field, the one that wins first. */
const RAY_KEYS: ReadonlyMap<PolicyKey, readonly string[]> = new Map<PolicyKey, readonly string[]>([
  ['minReplicas', ['min_replicas']],
  ['maxReplicas', ['max_replicas']],
  ['initialReplicas', ['initial_replicas']],
  ['targetOngoingRequests', ['target_ongoing_requests', 'target_num_ongoing_requests_per_replica']],
  ['upscaleDelay', ['upscale_delay_s']],
  ['downscaleDelay', ['downscale_delay_s']],
  ['downscaleToZeroDelay', ['downscale_to_zero_delay_s']],
  ['smoothingFactor', ['smoothing_factor']],
  ['upscalingFactor', ['upscaling_factor', 'upscale_smoothing_factor']],
  ['downscalingFactor', ['downscaling_factor', 'downscale_smoothing_factor']],
  ['lookBackPeriod', ['look_back_period_s']],
  ['aggregation', ['aggregation_function']],
]);

/** Why a known field of Ray's has no counterpart. */
const LOST: ReadonlyMap<string, string> = new Map([
  ['metrics_interval_s', 'samples are taken each evaluationInterval of bellwether.yaml'],
  ['policy', 'a custom autoscaling policy is code; Bellwether has its own steps (docs/policy.md)'],
  ['_policy', 'a custom autoscaling policy is code; Bellwether has its own steps (docs/policy.md)'],
]);

/** A config as a policy: what it gives, Ray's own defaults where it gives nothing, and a note for the rest. */
export function rayPolicy(config: RayConfig): RayPolicy {
  const notes: Note[] = [];
  const fields = new Map<PolicyKey, YamlValue>();
  const used = new Set<RayField>();
  for (const key of ORDER) {
    const names = RAY_KEYS.get(key) ?? [];
    const given = names.flatMap((name) => config.fields.findLast((field) => field.key === name) ?? []);
    const field = given.find(({ value }) => value !== null && value !== undefined);
    if (field) setField(fields, key, field, notes);
    for (const each of given) if (each === field || each.value === null) used.add(each);
  }
  const defaulted = fillDefaults(fields);
  // None is Ray's own default, whatever the field.
  for (const field of config.fields)
    if (!used.has(field) && field.value !== null) notes.push(lostField(field));
  return { fields: new Map(ORDER.flatMap((key) => entryOf(fields, key))), defaulted, notes };
}

function entryOf(
  fields: ReadonlyMap<PolicyKey, YamlValue>,
  key: PolicyKey,
): readonly (readonly [PolicyKey, YamlValue])[] {
  const value = fields.get(key);
  return value === undefined ? [] : [[key, value]];
}

function setField(fields: Map<PolicyKey, YamlValue>, key: PolicyKey, field: RayField, notes: Note[]): void {
  const value = key === 'aggregation' ? aggregationOf(field.value) : numberOf(field.value);
  const written = typeof value === 'number' && isDuration(key) ? durationOf(value) : value;
  if (written !== undefined) fields.set(key, written);
  else
    notes.push({
      kind: 'lost',
      line: field.line,
      text: `${field.key} = ${field.text}: not a value that ${key} takes`,
    });
}

/** Ray reads YAML's and Python's numbers alike, and a quoted number too. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function aggregationOf(value: unknown): string | undefined {
  const name = String(value)
    .toLowerCase()
    .replace(/^aggregationfunction\./, '');
  return ['mean', 'max', 'min'].includes(name) ? name : undefined;
}

function isDuration(key: PolicyKey): boolean {
  return key.endsWith('Delay') || key.endsWith('Period');
}

/** A year at most: what is longer is no delay but a mistake, and stays a note. */
function durationOf(seconds: number): string | undefined {
  return seconds <= 31_536_000 ? formatDuration(seconds * 1000) : undefined;
}

function fillDefaults(fields: Map<PolicyKey, YamlValue>): ReadonlySet<PolicyKey> {
  const defaulted = new Set<PolicyKey>();
  for (const key of Object.keys(RAY_DEFAULTS) as (keyof typeof RAY_DEFAULTS)[]) {
    if (fields.has(key)) continue;
    // The same default holds here; saying it would only make the policy longer.
    if (key !== 'minReplicas' && key !== 'upscaleDelay' && key !== 'lookBackPeriod') defaulted.add(key);
    const value = RAY_DEFAULTS[key];
    if (defaulted.has(key)) fields.set(key, isDuration(key) ? formatDuration(value * 1000) : value);
  }
  return defaulted;
}

function lostField({ key, value, text, line }: RayField): Note {
  if (key === '')
    return { kind: 'lost', line, text: `${text}: only arguments with names and literal values can be read` };
  const why =
    LOST.get(key) ??
    ([...RAY_KEYS.values()].some((names) => names.includes(key))
      ? value === undefined
        ? 'computed at run time; the text is read, never run'
        : 'another name of the same field is given too, and wins'
      : 'no field of AutoscalingConfig that is known here');
  return { kind: 'lost', line, text: `${key} = ${text}: ${why}` };
}
