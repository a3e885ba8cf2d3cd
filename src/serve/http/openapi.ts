import { z } from 'zod';

/** What OpenAPI says of a route. Paths have their parameters in braces. */
export interface RouteDoc {
  readonly path: string;
  readonly summary: string;
  /** Names of QUERY that the route takes. */
  readonly query?: readonly (keyof typeof QUERY)[];
  readonly answers: Answers;
  /** Further statuses that are no problem documents. */
  readonly also?: Readonly<Record<number, string>>;
}

export interface Answers {
  readonly types: readonly string[];
  /** Of the JSON answer. */
  readonly schema?: z.ZodType;
}

const QUERY = {
  role: { schema: { type: 'string', enum: ['replicas', 'buffer'], default: 'replicas' } },
  model: { schema: { type: 'string' }, description: 'needed where one ScaledObject has several models' },
  at: { schema: { type: 'string' }, description: 'ISO 8601 with Z or an offset, or Unix seconds' },
  'set.': {
    name: 'set',
    style: 'form',
    explode: true,
    schema: { type: 'object', additionalProperties: { type: 'string' } },
    description:
      'what if: set.minReplicas=3&set.ongoing=80, any policy field, ongoing or ready; changes nothing',
  },
} as const;

const PROBLEM = z.object({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() });

/** The OpenAPI 3.1 document of `routes`. */
export function openApi(routes: readonly RouteDoc[]): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bellwether',
      version: '1',
      description: 'Why a fleet has N replicas. Every instant is UTC; null is unknown, which is not zero.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: Object.fromEntries(routes.map((route) => [route.path, { get: operation(route) }])),
    components: { schemas: { Problem: schemaOf(PROBLEM) } },
  };
}

function operation({ path, summary, query = [], answers, also = {} }: RouteDoc): Record<string, unknown> {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const content = Object.fromEntries(
    answers.types.map((type) => [
      type,
      type.endsWith('json') && answers.schema ? { schema: schemaOf(answers.schema) } : {},
    ]),
  );
  const more = Object.entries(also).map(([status, description]) => [status, { description, content }]);
  return {
    summary,
    parameters: [...inPath, ...query.map((name) => ({ name, in: 'query', ...QUERY[name] }))],
    responses: {
      200: { description: 'as asked', content },
      ...Object.fromEntries(more),
      default: {
        description: 'what went wrong',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function schemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'output' });
  return rest;
}
