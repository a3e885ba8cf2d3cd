/** What the API server sends of an object; only what is asked for is looked at, and nothing of its shape is trusted. */
export type Json = Readonly<Record<string, unknown>>;

/** Name, namespace and identity of an object. */
export interface Meta {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export function objectAt(value: unknown, key: string): Json {
  const inner = isObject(value) ? value[key] : undefined;
  return isObject(inner) ? inner : EMPTY;
}

export function listAt(value: unknown, key: string): readonly unknown[] {
  const inner = isObject(value) ? value[key] : undefined;
  return Array.isArray(inner) ? inner : NONE;
}

export function textAt(value: unknown, key: string): string {
  const inner = isObject(value) ? value[key] : undefined;
  return typeof inner === 'string' ? inner : '';
}

export function countAt(value: unknown, key: string): number | null {
  const inner = isObject(value) ? value[key] : undefined;
  return typeof inner === 'number' && Number.isFinite(inner) ? inner : null;
}

/** Epoch ms of a Kubernetes timestamp (RFC 3339); null where there is none. */
export function timeAt(value: unknown, key: string): number | null {
  const text = textAt(value, key);
  const ms = text === '' ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

export function metaOf(object: unknown): Meta {
  const metadata = objectAt(object, 'metadata');
  return {
    namespace: textAt(metadata, 'namespace'),
    name: textAt(metadata, 'name'),
    uid: textAt(metadata, 'uid'),
  };
}

/** The object's `[key, text]` pairs: labels, annotations, match labels. */
export function textsOf(value: Json): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const key in value) {
    const text = value[key];
    if (typeof text === 'string') texts[key] = text;
  }
  return texts;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const EMPTY: Json = {};
const NONE: readonly unknown[] = [];
