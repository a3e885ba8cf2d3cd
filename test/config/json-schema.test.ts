import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { schemaCommand } from '../../src/cli/schema.ts';
import { jsonSchema, SCHEMA_KINDS, type SchemaKind, schemaText } from '../../src/config/json-schema.ts';
import { parseYaml } from '../../src/config/yaml.ts';

describe('jsonSchema', () => {
  it.each(SCHEMA_KINDS)(
    'of %s is what deploy/schema holds (npx tsx scripts/schemas.ts writes it)',
    async (kind) => {
      const stored = await readFile(new URL(`../../deploy/schema/${kind}.json`, import.meta.url), 'utf8');
      expect(stored).toBe(schemaText(kind));
    },
  );

  it.each(SCHEMA_KINDS)('of %s is draft 2020-12, with a title and a description, and closed', (kind) => {
    expect(jsonSchema(kind)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: expect.stringMatching(/^Bellwether /),
      description: expect.any(String),
      additionalProperties: false,
    });
  });

  it('writes defaults of durations as people do', () => {
    expect(jsonSchema('config').properties).toMatchObject({
      evaluationInterval: { type: 'string', default: '5s' },
    });
    expect(jsonSchema('policy').properties).toMatchObject({
      upscaleDelay: { default: '30s' },
      burst: { properties: { hold: { default: '1m' } } },
    });
  });
});

describe('the published schemas', () => {
  const root = new URL('../../', import.meta.url);
  const valid = async (kind: SchemaKind, values: readonly unknown[]) => {
    const validate = new Ajv2020({ strict: false, allErrors: true }).compile(jsonSchema(kind));
    return values.map((value) =>
      validate(value)
        ? 'valid'
        : validate.errors?.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`),
    );
  };
  const valuesOf = async (path: string) =>
    parseYaml(await readFile(new URL(path, root), 'utf8'), path).documents.map(({ value }) => value);

  it.each([
    ['config', 'deploy/examples/bellwether.yaml'],
    ['policy', 'deploy/examples/policies/default.yaml'],
    ['calendar', 'calendars/us-equities.yaml'],
    ['test', 'calendars/us-equities.test.yaml'],
  ] as const)('of %s accepts %s', async (kind, path) => {
    expect(await valid(kind, await valuesOf(path))).toEqual(['valid']);
  });

  it.each([
    ['config', { prometheus: { url: 'http://a' }, settle: 2 }, '/settle type'],
    ['config', { prometheus: { url: 'http://a' }, polices: [] }, ' additionalProperties'],
    [
      'config',
      { prometheus: { url: 'http://a' }, fleets: [{ namespace: 'a', model: 'm' }] },
      '/fleets/0 required',
    ],
    ['policy', { policy: 'a' }, ' required'],
    ['policy', { policy: 'a', maxReplicas: 1, upscaleDelay: '30' }, '/upscaleDelay pattern'],
    ['policy', { policy: 'a', maxReplicas: 1, burst: { treshold: 1 } }, '/burst additionalProperties'],
    [
      'calendar',
      { calendar: 'a', timezone: 'UTC', windows: [{ name: 'a', floor: '2' }] },
      '/windows/0/floor type',
    ],
    ['test', { calendar: 'a.yaml' }, ' required'],
    ['test', { calendar: 'a.yaml', expect: [] }, '/expect minItems'],
    ['test', { calendar: 'a.yaml', expect: [{ at: 'noon', floor: 2 }] }, '/expect/0/at pattern'],
    [
      'test',
      { calendar: 'a.yaml', expect: [{ at: '2026-11-27 13:00', flor: 2 }] },
      '/expect/0 additionalProperties',
    ],
    [
      'test',
      { calendar: 'a.yaml', expect: [{ session: 'a', date: '2026-11-27', closed: false }] },
      '/expect/0/closed const',
    ],
  ] as const)('of %s refuses %j', async (kind, value, error) => {
    expect(await valid(kind, [value])).toEqual([expect.arrayContaining([error])]);
  });
});

describe('bellwether schema', () => {
  it('prints one JSON document', async () => {
    const printed: string[] = [];
    const io = {
      out: (text: string) => void printed.push(text),
      err: () => {},
      setExitCode: () => {},
      color: false,
    };
    await schemaCommand(io).parseAsync(['policy'], { from: 'user' });
    expect(JSON.parse(printed.join('\n'))).toEqual(jsonSchema('policy'));
  });
});
