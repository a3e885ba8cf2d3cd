import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { schemaCommand } from '../../src/cli/schema.ts';
import { jsonSchema, SCHEMA_KINDS, schemaText } from '../../src/config/json-schema.ts';

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
