import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { BellwetherConfig } from '../../src/config/bellwether-schema.ts';
import { kindOf } from '../../src/config/document-kind.ts';
import { jsonSchema } from '../../src/config/json-schema.ts';
import { readCalendar } from '../../src/config/load-calendar.ts';
import { ALL_KEYS, KEDA_KEYS, OUR_KEYS } from '../../src/config/metadata-keys.ts';
import { POLICY_DOCS } from '../../src/config/policy-docs.ts';
import { readPolicy } from '../../src/config/policy-document.ts';
import { readFleets } from '../../src/config/references.ts';
import { scaledObjectIssues } from '../../src/config/scaled-object.ts';
import { parseYaml } from '../../src/config/yaml.ts';

const text = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const ANY = { policies: undefined, calendars: undefined };

const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].flatMap(([, block = '']) => {
  const { documents, problems } = parseYaml(block, 'docs/configuration.md');
  return [
    ...problems.map(() => ({ kind: 'broken', value: block })),
    ...documents.map(({ value }) => ({ kind: kindOf(value), value })),
  ];
});

function issuesOf(kind: string, value: unknown): readonly unknown[] {
  if (kind === 'policy') return readPolicy(value).issues;
  if (kind === 'calendar') return readCalendar(value, Date.UTC(2026, 0, 1)).issues;
  if (kind === 'scaledobject') return scaledObjectIssues(value, ANY);
  if (kind === 'config')
    return [...(BellwetherConfig.safeParse(value).error?.issues ?? []), ...readFleets(value, ANY).issues];
  return [`a block of kind ${kind}`];
}

describe('docs/configuration.md', () => {
  it('shows every kind of file', () => {
    expect(new Set(blocks.map(({ kind }) => kind))).toEqual(
      new Set(['config', 'policy', 'calendar', 'scaledobject']),
    );
  });

  it.each(blocks.map((block, index) => ({ ...block, index })))(
    'shows a $kind (document $index) that is right',
    ({ kind, value }) => {
      expect(issuesOf(kind, value)).toEqual([]);
    },
  );

  it('names every field of bellwether.yaml and of its prometheus', () => {
    const { properties = {} } = jsonSchema('config');
    const { prometheus } = properties;
    const fields = [
      ...Object.keys(properties),
      ...Object.keys((typeof prometheus === 'object' && prometheus.properties) || {}),
    ];
    expect(fields.filter((field) => !text.includes(field))).toEqual([]);
  });

  it('says of each policy field what the schema says', () => {
    for (const [path, { description, default: value }] of POLICY_DOCS) {
      const isGroup = [...POLICY_DOCS.keys()].some((other) => other.startsWith(`${path}.`));
      if (path === 'policy' || isGroup) continue;
      expect(text).toContain(
        `| \`${path}\` | ${value === undefined ? '' : `\`${value}\``} | ${description} |`,
      );
    }
  });

  it('names every key of a trigger', () => {
    expect([...OUR_KEYS, ...KEDA_KEYS].filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
    expect(ALL_KEYS.filter((key) => !text.includes(key))).toEqual([]);
  });
});
