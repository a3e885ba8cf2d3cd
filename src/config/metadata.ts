import type { z } from 'zod';
import { safeParse } from 'zod/v4/core';
import type { TriggerRef } from '../control/scaler.ts';
import type { FleetConfig } from '../core/fleet.ts';
import { mergeFields, type PolicyFields } from '../core/policy.ts';
import { shown } from '../core/problem.ts';
import { ALL_KEYS, KEDA_KEYS, OUR_KEYS, POLICY_KEYS, type PolicyKey } from './metadata-keys.ts';
import * as values from './metadata-values.ts';
import { groupIssues, replicaIssues } from './policy-document.ts';
import { unknownKeyMessage, zodIssues } from './zod-issues.ts';

/** The names that a trigger may refer to. Undefined: not known (`check` without a configuration), so not checked. */
export interface Known {
  readonly policies: ReadonlyMap<string, PolicyFields> | ReadonlySet<string> | undefined;
  readonly calendars: ReadonlyMap<string, unknown> | ReadonlySet<string> | undefined;
  /** `defaults.policy` of bellwether.yaml. */
  readonly defaultPolicy?: string | undefined;
  /** What the windows of each calendar ask for; only `check` looks at it. */
  readonly windows?: ReadonlyMap<string, readonly WindowBounds[]> | undefined;
}

/** What one window of a calendar bounds, as it is written. */
export interface WindowBounds {
  readonly name: string;
  readonly floor: number | undefined;
  readonly ceiling: number | undefined;
  /** The policy's maxReplicas while the window lasts. */
  readonly maxReplicas: number | undefined;
}

/** What is wrong with a trigger, at the key as it was written; `namespace` and `name` stand for KEDA's own fields. */
export interface MetadataIssue {
  readonly key: string;
  readonly message: string;
  /** The key is wrong, not its value. */
  readonly atKey?: boolean;
}

/** Bounds for input that anyone may send: of keys, of one value, of problems told. */
const MAX_KEYS = 64;
const MAX_VALUE = 4_096;
const MAX_PROBLEMS = 20;

/** The fleet that a trigger describes (contract 5), or every reason why it describes none. Never throws. */
export function parseTrigger(
  ref: TriggerRef,
  known: Known,
): { readonly fleet: FleetConfig } | { readonly problems: readonly string[] } {
  const read = readTrigger(ref, known);
  if ('fleet' in read) return read;
  return {
    problems: read.issues.slice(0, MAX_PROBLEMS).map(({ key, message }) => `${printable(key)}: ${message}`),
  };
}

/** A key of ours as it is; any other in quotes, with what is not printable escaped. */
function printable(key: string): string {
  return /^[\w.-]{1,60}$/.test(key) ? key : shown(key);
}

/** parseTrigger with the keys apart, for those who know where a key stands in a file. */
export function readTrigger(
  ref: TriggerRef,
  known: Known,
): { readonly fleet: FleetConfig } | { readonly issues: readonly MetadataIssue[] } {
  const entries = Object.entries(ref.metadata);
  if (entries.length > MAX_KEYS) {
    return {
      issues: [{ key: 'metadata', message: `must have at most ${MAX_KEYS} keys, had ${entries.length}` }],
    };
  }
  const reader = new Reader();
  const namespace = reader.take('namespace', values.readNamespace(ref.namespace));
  const name = reader.take('name', values.readName(ref.name));
  const given = reader.sort(entries);
  const fleet = fleetOf(reader, given, known);
  if (reader.issues.length > 0 || namespace === undefined || name === undefined)
    return { issues: reader.issues };
  return { fleet: { ...fleet, id: { ...fleet.id, namespace, name } } };
}

type OurKey = (typeof OUR_KEYS)[number];

interface Given {
  readonly ours: ReadonlyMap<string, string>;
  readonly overrides: PolicyFields;
}

/** Collects what is wrong while a trigger is read. Lives for one trigger. */
class Reader {
  readonly issues: MetadataIssue[] = [];
  /** How each key was spelt: with or without `FromEnv`. */
  readonly #written = new Map<string, string>();

  fail(key: string, message: string, atKey = false): undefined {
    this.issues.push({ key: this.#written.get(key) ?? key, message, atKey });
    return undefined;
  }

  take<T>(key: string, read: values.Read<T>): T | undefined {
    return 'value' in read ? read.value : this.fail(key, read.wrong);
  }

  /** Tells our keys, policy fields and KEDA's own apart; what is none of them is wrong. */
  sort(entries: readonly (readonly [string, string])[]): Given {
    const ours = new Map<string, string>();
    let overrides: PolicyFields = {};
    for (const [written, text] of entries) {
      const key = this.#name(written);
      if (key === undefined || KEDA_KEYS.has(key)) continue;
      const field = POLICY_KEYS.get(key);
      if (typeof text !== 'string' || text.length > MAX_VALUE)
        this.fail(key, `must be text of at most ${MAX_VALUE} characters`);
      else if (field) overrides = withField(overrides, field, this.take(key, readField(field, text)));
      else if (isOurKey(key)) ours.set(key, text);
      else this.fail(key, unknownMessage(key), true);
    }
    return { ours, overrides };
  }

  /** The key that `written` means, `FromEnv` taken off; undefined, and an issue, when both spellings are there. */
  #name(written: string): string | undefined {
    const key = written.endsWith('FromEnv') ? written.slice(0, -'FromEnv'.length) : written;
    if (this.#written.has(key))
      return this.fail(key, `must be given once, was given as ${key} and ${key}FromEnv`);
    this.#written.set(key, written);
    return key;
  }
}

function isOurKey(key: string): key is OurKey {
  return (OUR_KEYS as readonly string[]).includes(key);
}

/** Long keys are not compared with the known ones: they are no misspelling, and comparing costs their length. */
function unknownMessage(key: string): string {
  if (key === 'signals' || key.startsWith('signals.'))
    return 'must be set in the policy: signals never come from metadata';
  if (key.length > 60) return 'must be a known key';
  return unknownKeyMessage(key, ALL_KEYS);
}

/** Text to the field's own type, then the same rules as in a policy file. */
function readField(field: PolicyKey, text: string): values.Read<unknown> {
  const value = typed(field, text);
  const parsed = safeParse(field.schema, value);
  if (parsed.success) return { value: parsed.data };
  const [issue] = zodIssues(parsed.error as z.ZodError, field.schema, value);
  return { wrong: issue?.message ?? `must be valid, was ${shown(text)}` };
}

function typed({ kind }: PolicyKey, text: string): unknown {
  if (kind === 'number' && /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function withField(fields: PolicyFields, { path }: PolicyKey, value: unknown): PolicyFields {
  if (value === undefined) return fields;
  const [group, leaf] = path as readonly [keyof PolicyFields, string?];
  return {
    ...fields,
    [group]: leaf === undefined ? value : { ...(fields[group] as object | undefined), [leaf]: value },
  };
}

/** The fleet without namespace and name; what is wrong goes to `reader`. */
function fleetOf(reader: Reader, { ours, overrides }: Given, known: Known): FleetConfig {
  const read = <T>(key: OurKey, how: (text: string) => values.Read<T>): T | undefined => {
    const text = ours.get(key);
    return text === undefined ? undefined : reader.take(key, how(text));
  };
  const role = read('role', values.readRole) ?? 'replicas';
  const policy = read('policy', (text) => values.readReference(text, known.policies?.keys(), 'policy'));
  const fleet: FleetConfig = {
    id: {
      namespace: '',
      name: '',
      role,
      model: read('model', values.readModel) ?? '',
      matchLabels: read('matchLabels', values.readMatchLabels) ?? {},
    },
    policy,
    calendar: read('calendar', (text) => values.readReference(text, known.calendars?.keys(), 'calendar')),
    overrides,
    scaleTarget: read('scaleTarget', values.readScaleTarget),
    bufferOf: read('fleet', values.readName),
    advisoryAnswer: read('advisoryAnswer', (text) =>
      text === 'zero' ? { value: text } : { wrong: `must be "zero", was ${shown(text)}` },
    ),
  };
  checkRole(reader, ours, fleet);
  checkPolicy(reader, fleet, known);
  return fleet;
}

/** What a role needs and what it must not have. */
function checkRole(reader: Reader, ours: ReadonlyMap<string, string>, { id }: FleetConfig): void {
  if (id.role === 'replicas' && !ours.has('model'))
    reader.fail('model', 'must be the model_name of the fleet, was missing');
  if (id.role === 'buffer' && !ours.has('fleet'))
    reader.fail('fleet', "must be the GPU fleet's ScaledObject, was missing");
  if (id.role === 'replicas' && ours.has('fleet'))
    reader.fail('fleet', 'must be left out: only a trigger with role: buffer has it');
}

/** A policy of which nothing is known but its name: nothing contradicts it. */
export const ANY_POLICY: PolicyFields = { minReplicas: 0, burst: { threshold: 1 } };

/** The overrides must make sense together, and on top of the policy that they override. */
function checkPolicy(reader: Reader, { policy, overrides, id }: FleetConfig, known: Known): void {
  const name = policy ?? known.defaultPolicy;
  if (
    known.policies !== undefined &&
    name === undefined &&
    id.role === 'replicas' &&
    overrides.maxReplicas === undefined
  ) {
    reader.fail('policy', 'must name a policy, was missing (and bellwether.yaml names no defaults.policy)');
  }
  const whole = mergeFields(name === undefined ? {} : fieldsOf(name, known), overrides);
  for (const { path, message } of [...replicaIssues(whole), ...groupIssues(whole)]) {
    // Policies are checked where they are read: what is wrong here came with the overrides.
    if (Object.keys(overrides).some((key) => GROUP_OF[key] === GROUP_OF[String(path[0])]))
      reader.fail(path.join('.'), message);
  }
}

/** Limits contradict each other: maxReplicas "1" above a policy of minReplicas 2 shows as a wrong minReplicas. */
const GROUP_OF: Readonly<Record<string, string>> = {
  minReplicas: 'replicas',
  initialReplicas: 'replicas',
  maxReplicas: 'replicas',
  burst: 'burst',
  buffer: 'buffer',
  coldStart: 'coldStart',
};

function fieldsOf(name: string, { policies }: Known): PolicyFields {
  const isMap = (names: Known['policies']): names is ReadonlyMap<string, PolicyFields> =>
    names instanceof Map;
  return (isMap(policies) ? policies.get(name) : undefined) ?? ANY_POLICY;
}
