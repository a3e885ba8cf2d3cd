import { z } from 'zod';
import { CalendarTest } from '../calendar/expectations/schema.ts';
import { CalendarDocument } from '../calendar/schema.ts';
import { formatDuration } from '../core/duration.ts';
import { BellwetherConfig } from './bellwether-schema.ts';
import { ALL_KEYS } from './metadata-keys.ts';
import { POLICY_DOCS } from './policy-docs.ts';
import { PolicyDocument } from './policy-document.ts';

export const SCHEMA_KINDS = ['config', 'policy', 'calendar', 'test'] as const;
export type SchemaKind = (typeof SCHEMA_KINDS)[number];

type JsonSchema = z.core.JSONSchema.BaseSchema;

const ROOTS: Readonly<
  Record<SchemaKind, { readonly schema: z.ZodType; readonly title: string; readonly description: string }>
> = {
  config: {
    schema: BellwetherConfig,
    title: 'Bellwether configuration',
    description:
      'bellwether.yaml: where metrics come from, where to listen, which policies and calendars to load.',
  },
  policy: {
    schema: PolicyDocument,
    title: 'Bellwether policy',
    description:
      "How a fleet scales: Ray Serve's autoscaling fields in camelCase with durations, and Bellwether's own.",
  },
  calendar: {
    schema: CalendarDocument,
    title: 'Bellwether calendar',
    description: 'Sessions, dated exceptions and the capacity windows that follow them.',
  },
  test: {
    schema: CalendarTest,
    title: 'Bellwether calendar test',
    description: '*.test.yaml: what a calendar must answer, bounds at instants and hours of sessions.',
  },
};

/** JSON Schema (draft 2020-12) of what people write, for editors and CI; the same zod schema checks the file itself. */
export function jsonSchema(kind: SchemaKind): JsonSchema {
  const { schema, title, description } = ROOTS[kind];
  const generated = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    override: writeDefault,
  });
  // Title and description first, where a reader looks for them; the schema's own lists follow.
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema' as const, title, description };
  const root: JsonSchema = { ...head, ...withoutHead(generated) };
  if (kind === 'policy') return withDocs(root);
  return kind === 'config' ? withFleets(root) : root;
}

function withoutHead({ $schema: _, title: __, description: ___, ...rest }: JsonSchema): JsonSchema {
  return rest;
}

/** The text of a schema file, as `deploy/schema/` keeps it. */
export function schemaText(kind: SchemaKind): string {
  return `${JSON.stringify(jsonSchema(kind), null, 2)}\n`;
}

/** Durations are milliseconds once parsed; an editor is told the default as it is written. */
function writeDefault({
  zodSchema,
  jsonSchema: json,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: JsonSchema;
}): void {
  const { def } = zodSchema._zod;
  if (def.type !== 'default') return;
  const value: unknown = def.defaultValue;
  json.default = json.type === 'string' && typeof value === 'number' ? formatDuration(value) : value;
}

/** The meaning and default of each policy field, at every depth. */
function withDocs(root: JsonSchema): JsonSchema {
  for (const [path, { description, default: value }] of POLICY_DOCS) {
    const field = path
      .split('.')
      .reduce<JsonSchema | undefined>((schema, key) => propertyOf(schema, key), root);
    if (field === undefined) throw new Error(`no policy field ${path}`);
    Object.assign(field, { description }, value === undefined ? {} : { default: value });
  }
  return root;
}

function propertyOf(schema: JsonSchema | undefined, key: string): JsonSchema | undefined {
  const property = schema?.properties?.[key];
  return typeof property === 'object' ? property : undefined;
}

/** A listed fleet is read as a trigger's metadata is: by name, not by a zod schema. */
function withFleets(root: JsonSchema): JsonSchema {
  const fleets = propertyOf(root, 'fleets');
  const scalar = { type: ['string', 'number', 'boolean'] };
  const properties = Object.fromEntries(['namespace', 'name', ...ALL_KEYS].map((key) => [key, scalar]));
  const items = { type: 'object', properties, required: ['namespace', 'name'], additionalProperties: false };
  if (fleets) Object.assign(fleets, { items });
  return root;
}
