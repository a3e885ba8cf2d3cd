import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { CalendarTest } from '../../src/calendar/expectations/schema.ts';
import { CalendarDocument } from '../../src/calendar/schema.ts';
import { BellwetherConfig } from '../../src/config/bellwether-schema.ts';
import { jsonSchema, SCHEMA_KINDS, type SchemaKind } from '../../src/config/json-schema.ts';
import { PolicyDocument } from '../../src/config/policy-document.ts';
import { parseYaml } from '../../src/config/yaml.ts';

const ZOD: Readonly<Record<SchemaKind, z.ZodType>> = {
  config: BellwetherConfig,
  policy: PolicyDocument,
  calendar: CalendarDocument,
  test: CalendarTest,
};
const ajv = new Ajv2020({ strict: false, allErrors: true });
const VALIDATE = Object.fromEntries(
  SCHEMA_KINDS.map((kind) => [kind, ajv.compile(jsonSchema(kind))]),
) as Record<SchemaKind, ValidateFunction>;

const ROOT = new URL('../../', import.meta.url);
/** Every shipped YAML file whose first line names a schema of ours. */
const shipped = ['calendars', 'deploy']
  .flatMap((folder) =>
    readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' }).map(
      (path) => `${folder}/${path}`,
    ),
  )
  .filter((path) => /\.ya?ml$/.test(path) && !path.includes('/templates/'))
  .flatMap((path) => {
    const text = readFileSync(new URL(path, ROOT), 'utf8');
    const kind = /^# yaml-language-server: \$schema=\S*schema\/(\w+)\.json/.exec(text)?.[1];
    return kind === undefined ? [] : [{ path, kind: kind as SchemaKind, text }];
  });

describe('shipped files', () => {
  it('name a schema of each kind', () => {
    expect([...new Set(shipped.map(({ kind }) => kind))].sort()).toEqual([...SCHEMA_KINDS].sort());
    expect(shipped.length).toBeGreaterThanOrEqual(20);
  });

  it.each(shipped)('$path is valid by its JSON Schema', ({ path, kind, text }) => {
    for (const { value } of parseYaml(text, path).documents) {
      expect(VALIDATE[kind](value) ? [] : VALIDATE[kind].errors).toEqual([]);
    }
  });
});

describe('the JSON Schemas', () => {
  it.each(SCHEMA_KINDS)('of %s describes every field that a person writes at the top', (kind) => {
    const { title, description, properties } = jsonSchema(kind);
    expect([typeof title, typeof description]).toEqual(['string', 'string']);
    const bare = Object.entries(properties ?? {}).filter(
      ([, field]) =>
        typeof field !== 'object' || (field.description === undefined && field.$ref === undefined),
    );
    expect(bare.map(([key]) => key)).toEqual([]);
  });

  it('has examples where a form is not obvious', () => {
    const text = JSON.stringify(jsonSchema('calendar'));
    for (const example of ['mon-fri', '09:30-16:00', 'open-30m', '13:00', '2026-11-27'])
      expect(text).toContain(`"${example}"`);
  });
});

const CALENDAR = { calendar: 'a', timezone: 'UTC' };
const session = (hours: unknown, more: object = {}) => ({
  ...CALENDAR,
  sessions: { s: { days: 'mon-fri', hours, ...more } },
});
const window = (more: object) => ({ ...CALENDAR, windows: [{ name: 'w', on: 's', ...more }] });
const row = (list: string, more: object) => ({ ...CALENDAR, [list]: [more] });
const expectation = (more: object) => ({ calendar: 'a.yaml', expect: [more] });

/** Values that both validators must judge alike. What needs more than one value is the compiler's alone. */
const TABLE: readonly (readonly [SchemaKind, unknown])[] = [
  ['calendar', CALENDAR],
  ['calendar', {}],
  ['calendar', null],
  ['calendar', []],
  ['calendar', { ...CALENDAR, calendar: '' }],
  ['calendar', { ...CALENDAR, calendar: 'a b' }],
  ['calendar', { ...CALENDAR, calendar: 'x'.repeat(64) }],
  ['calendar', { ...CALENDAR, timezone: 5 }],
  ['calendar', { ...CALENDAR, holiday: [] }],
  ['calendar', { ...CALENDAR, holidays: null }],
  ['calendar', { ...CALENDAR, holidays: {} }],
  ['calendar', { ...CALENDAR, covers: { from: '2026-01-01' } }],
  ['calendar', { ...CALENDAR, covers: { from: '2026-01-01', to: '2026-12-31' } }],
  ['calendar', { ...CALENDAR, covers: { from: '2026-1-1', to: '2026-12-31' } }],
  ['calendar', session('09:30-16:00')],
  ['calendar', session('9:30-16:00')],
  ['calendar', session('18:00-17:00+1d', { dated: 'close' })],
  ['calendar', session('18:00-17:00', { dated: 'both' })],
  ['calendar', session(['09:00-11:30', '12:30-15:30'])],
  ['calendar', session([])],
  ['calendar', session(930)],
  ['calendar', session('24:00-25:00')],
  ['calendar', session('09:30-24:00')],
  ['calendar', session('09:30-16:00', { days: 'mon-fry' })],
  ['calendar', session('09:30-16:00', { days: 'daily' })],
  ['calendar', session('09:30-16:00', { days: 'sun,wed-fri' })],
  ['calendar', session('09:30-16:00', { day: 'mon' })],
  ['calendar', { ...CALENDAR, sessions: { 'a b': { days: 'mon', hours: '09:00-10:00' } } }],
  ['calendar', { ...CALENDAR, sessions: { s: [{ days: 'mon', hours: '09:00-10:00' }] } }],
  ['calendar', { ...CALENDAR, sessions: { s: [] } }],
  ['calendar', row('holidays', { date: '2026-11-26', name: 'x', source: 'y' })],
  ['calendar', row('holidays', { name: 'x' })],
  ['calendar', row('holidays', { date: 20261126 })],
  ['calendar', row('holidays', { date: '2026-11-26', sessions: [] })],
  ['calendar', row('holidays', { date: '2026-11-26', close: '13:00' })],
  ['calendar', row('earlyCloses', { date: '2026-11-27', close: '13:00' })],
  ['calendar', row('earlyCloses', { date: '2026-11-27', close: '12:00+1d' })],
  ['calendar', row('earlyCloses', { date: '2026-11-27', close: 780 })],
  ['calendar', row('earlyCloses', { date: '2026-11-27' })],
  ['calendar', row('lateOpens', { date: '2026-11-27', open: '10:30' })],
  ['calendar', row('lateOpens', { date: '2026-11-27', open: '10:30am' })],
  ['calendar', row('extraSessions', { session: 's', date: '2026-02-01', hours: '09:30-12:00' })],
  ['calendar', row('extraSessions', { date: '2026-02-01', hours: '09:30-12:00' })],
  ['calendar', row('events', { name: 'fomc', date: '2026-12-09', hours: '13:45-15:30' })],
  ['calendar', row('events', { name: 'fomc', date: '2026-12-09' })],
  ['calendar', window({ floor: 2 })],
  ['calendar', window({ floor: -1 })],
  ['calendar', window({ floor: 1.5 })],
  ['calendar', window({ floor: '2' })],
  ['calendar', window({ floor: 100_001 })],
  ['calendar', window({ ceiling: 0, lead: 'auto' })],
  ['calendar', window({ floor: 2, lead: '10m' })],
  ['calendar', window({ floor: 2, lead: 10 })],
  ['calendar', window({ floor: 2, lead: '10' })],
  ['calendar', window({ from: 'open-30m', to: 'close+1h' })],
  ['calendar', window({ from: 'opening' })],
  ['calendar', window({ floor: 2, policy: { upscaleDelay: '0s', burst: { threshold: 2 } } })],
  ['calendar', window({ floor: 2, policy: { upscaleDelay: 0 } })],
  ['calendar', window({ floor: 2, policy: { calendar: 'b' } })],
  ['calendar', window({ floor: 2, policy: { signals: {} } })],
  ['calendar', window({ floor: 2, expires: '2026-12-31' })],
  ['calendar', { ...CALENDAR, windows: [{ on: 's', floor: 2 }] }],
  ['policy', { policy: 'p', maxReplicas: 4 }],
  ['policy', { policy: '', maxReplicas: 4 }],
  ['policy', { policy: 'p', maxReplicas: 0 }],
  ['policy', { policy: 'p', maxReplicas: '4' }],
  ['policy', { policy: 'p', maxReplicas: 4, minReplicas: -1 }],
  ['policy', { policy: 'p', maxReplicas: 4, targetOngoingRequests: 0 }],
  ['policy', { policy: 'p', maxReplicas: 4, smoothingFactor: 0 }],
  ['policy', { policy: 'p', maxReplicas: 4, aggregation: 'median' }],
  ['policy', { policy: 'p', maxReplicas: 4, downscaleDelay: '5 m' }],
  ['policy', { policy: 'p', maxReplicas: 4, downscaleDelay: '1h30m' }],
  ['policy', { policy: 'p', maxReplicas: 4, signals: { query: { promql: '', target: 1, cap: 2 } } }],
  ['policy', { policy: 'p', maxReplicas: 4, signals: { kvCacheUsage: { target: 1.1 } } }],
  ['policy', { policy: 'p', maxReplicas: 4, landing: { tolerance: 2 } }],
  ['policy', { policy: 'p', maxReplicas: 4, guards: { consolidation: 'no' } }],
  ['policy', { policy: 'p', maxReplicas: 4, mode: 'off' }],
  ['config', { prometheus: { url: 'http://p:9090' }, policies: ['p/*.yaml'] }],
  ['config', { prometheus: { url: 'http://p:9090' }, policies: 'p/*.yaml' }],
  ['config', { prometheus: { url: 5 } }],
  ['config', { prometheus: { url: 'http://p:9090', timeout: 3 } }],
  ['config', { prometheus: { url: 'http://p:9090' }, evaluationIntervall: '5s' }],
  ['config', { prometheus: { url: 'http://p:9090' }, defaults: { policy: 1 } }],
  ['test', expectation({ at: '2026-11-27 13:00', floor: 1 })],
  ['test', expectation({ at: '2026-11-27T18:00:00Z', ceiling: 'none', windows: [] })],
  ['test', expectation({ at: '27.11.2026', floor: 1 })],
  ['test', expectation({ at: '2026-11-27 13:00', floor: '1' })],
  ['test', expectation({ at: '2026-11-27 13:00', floors: 1 })],
  ['test', expectation({ session: 's', date: '2026-11-27', closes: '13:00' })],
  ['test', expectation({ session: 's', closes: '13:00' })],
  ['test', expectation({ session: 's', date: '2026-11-27', closed: false })],
  ['test', { calendar: 'a.yaml', expect: [] }],
  ['test', { expect: [{ at: '2026-11-27 13:00', floor: 1 }] }],
];

describe('the JSON Schemas and zod', () => {
  it.each(TABLE.map(([kind, value]) => ({ kind, json: JSON.stringify(value), value })))(
    'agree on the $kind $json',
    ({ kind, value }) => {
      const valid = ZOD[kind].safeParse(value).success;
      expect([VALIDATE[kind](value), VALIDATE[kind].errors]).toEqual([
        valid,
        valid ? null : expect.anything(),
      ]);
    },
  );

  it('see both sides in the table', () => {
    for (const kind of SCHEMA_KINDS) {
      const verdicts = TABLE.filter(([each]) => each === kind).map(
        ([, value]) => ZOD[kind].safeParse(value).success,
      );
      expect([kind, verdicts.includes(true), verdicts.includes(false)]).toEqual([kind, true, true]);
    }
  });
});
