import type { z } from 'zod';

type Schema = z.core.$ZodType;

/** The object schemas that may stand at `path` below `schema`, unions unfolded. */
function objectsAt(schema: Schema, path: readonly PropertyKey[]): readonly z.core.$ZodObject[] {
  return path
    .reduce<readonly Schema[]>(
      (schemas, key) => schemas.flatMap((each) => childrenOf(each, key)),
      unwrap(schema),
    )
    .filter((each): each is z.core.$ZodObject => each._zod.def.type === 'object');
}

/** `schema` without optional, default and the like; every option of a union. */
function unwrap(schema: Schema): readonly Schema[] {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'nonoptional':
    case 'catch':
      return unwrap(def.innerType);
    case 'union':
      return def.options.flatMap(unwrap);
    case 'pipe':
      return unwrap(def.in);
    case 'lazy':
      return unwrap(def.getter());
    default:
      return [schema];
  }
}

function childrenOf(schema: Schema, key: PropertyKey): readonly Schema[] {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if (def.type === 'object') {
    const child = Object.hasOwn(def.shape, key) ? def.shape[String(key)] : undefined;
    return child ? unwrap(child) : [];
  }
  if (def.type === 'array') return unwrap(def.element);
  if (def.type === 'record') return unwrap(def.valueType);
  return [];
}

/** The keys that `schema` knows at `path`, for "did you mean". */
export function knownKeys(schema: Schema, path: readonly PropertyKey[]): readonly string[] {
  return [...new Set(objectsAt(schema, path).flatMap((each) => Object.keys(each._zod.def.shape)))];
}
