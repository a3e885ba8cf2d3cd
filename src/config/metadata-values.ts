import type { FleetId, Role, ScaleTarget } from '../core/fleet.ts';
import { didYouMean } from '../core/nearest.ts';
import { shown } from '../core/problem.ts';
import { LABEL_NAME } from './bellwether-schema.ts';

/** A value, or why the text is none: the end of `<key>: …`. */
export type Read<T> = { readonly value: T } | { readonly wrong: string };

/** Longest model name and label value; Prometheus itself has no limit, hostile input needs one. */
const MAX_TEXT = 512;
const MAX_LABELS = 16;

/** Control characters, line separators and halves of surrogate pairs: nothing that belongs on one line of text. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

/** RFC 1123, as Kubernetes demands of namespaces and object names. */
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

const wrong = (rule: string, text: string | undefined): { readonly wrong: string } => ({
  wrong: `must ${rule}, was ${shown(text === '' ? undefined : text)}`,
});

export function readNamespace(text: string | undefined): Read<string> {
  return text !== undefined && DNS_LABEL.test(text) ? { value: text } : wrong("be a namespace's name", text);
}

export function readName(text: string | undefined): Read<string> {
  return isObjectName(text) ? { value: text } : wrong("be a ScaledObject's name", text);
}

function isObjectName(text: string | undefined): text is string {
  return text !== undefined && text.length <= 253 && DNS_SUBDOMAIN.test(text);
}

/** A model's name may hold anything printable (`meta-llama/Llama-3.1-8B`); it is escaped wherever it is used. */
export function readModel(text: string): Read<string> {
  if (text.trim() === '') return wrong('not be empty', text);
  if (text.length > MAX_TEXT)
    return { wrong: `must have at most ${MAX_TEXT} characters, was ${text.length} long` };
  return UNPRINTABLE.test(text) ? wrong('be one line without control characters', text) : { value: text };
}

/** Names of policies and calendars: known ones, when it is known which there are. */
export function readReference(text: string, known: Iterable<string> | undefined, kind: string): Read<string> {
  const names = known && [...known];
  if (text === '') return wrong('not be empty', text);
  if (names === undefined || names.includes(text)) return { value: text };
  const which = names.length === 0 ? ` (there is no ${kind})` : didYouMean(text.slice(0, 253), names);
  return wrong(`be the name of a ${kind} of the configuration${which}`, text);
}

export function readRole(text: string): Read<Role> {
  return text === 'replicas' || text === 'buffer'
    ? { value: text }
    : wrong(`be "replicas" or "buffer"${didYouMean(text.slice(0, 20), ['replicas', 'buffer'])}`, text);
}

/** `deployment/NAME`; the kind in any case. */
export function readScaleTarget(text: string): Read<ScaleTarget> {
  const [kind = '', name, ...more] = text.split('/', 3);
  const isTarget = /^[a-z][a-z0-9.-]{0,62}$/i.test(kind) && isObjectName(name) && more.length === 0;
  return isTarget
    ? { value: { kind: kind.toLowerCase(), name } }
    : wrong('be kind/name, such as "deployment/vllm"', text);
}

/** `service=a,cluster=b`: exact values. Never the namespace, which comes from KEDA's request alone. */
export function readMatchLabels(text: string): Read<FleetId['matchLabels']> {
  const labels = new Map<string, string>();
  for (const part of text.split(',', MAX_LABELS + 1)) {
    const at = part.indexOf('=');
    const [name, value] = [part.slice(0, Math.max(at, 0)).trim(), part.slice(at + 1).trim()];
    const reason = at < 0 ? 'be label=value pairs with commas between them' : labelFault(name, value, labels);
    if (reason !== undefined) return wrong(reason, part);
    labels.set(name, value);
  }
  if (labels.size > MAX_LABELS) return { wrong: `must name at most ${MAX_LABELS} labels` };
  return { value: Object.fromEntries(labels) };
}

function labelFault(name: string, value: string, seen: ReadonlyMap<string, string>): string | undefined {
  if (!LABEL_NAME.test(name) || name.length > 128) return 'name Prometheus labels (letters, digits and _)';
  if (name.startsWith('__')) return 'not name a reserved label (__…)';
  if (name === 'namespace' || name === 'model_name') {
    return `not name ${name}, which ${name === 'namespace' ? "is the ScaledObject's" : 'the key model sets'}`;
  }
  if (seen.has(name)) return 'name each label once';
  if (value === '' || value.length > MAX_TEXT) return `give each label 1 to ${MAX_TEXT} characters`;
  if (UNPRINTABLE.test(value)) return 'give each label one line without control characters';
  return undefined;
}
