import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadRevision } from '../../src/config/load.ts';
import { aConfiguration, CALENDAR, MAIN, POLICY, told } from './files.ts';

async function load(files: Readonly<Record<string, string>> = {}) {
  const directory = await aConfiguration(files);
  const loaded = await loadRevision(join(directory, 'bellwether.yaml'));
  const problems = told('problems' in loaded ? loaded.problems : loaded.revision.warnings, directory);
  return { revision: 'revision' in loaded ? loaded.revision : undefined, problems, directory };
}

describe('loadRevision', () => {
  it('fills in every default', async () => {
    const { revision, problems } = await load();
    expect(problems).toEqual([]);
    expect(revision?.config).toMatchObject({
      prometheus: {
        timeout: 3_000,
        labels: { namespace: 'namespace', pod: 'pod' },
        headers: {},
        matchers: {},
      },
      evaluationInterval: 5_000,
      listen: { grpc: '0.0.0.0:6000', http: '0.0.0.0:8080' },
      settle: 2_000,
      staleAfter: 60_000,
      historyLimit: 3_600_000,
      fleets: [],
    });
    expect(revision?.policies.get('default')).toEqual({ maxReplicas: 4, calendar: 'desk' });
    expect(revision?.calendars.get('desk')?.timezone).toBe('America/New_York');
  });

  it('holds the names of secret files, and nothing of what is in them at any depth', async () => {
    const { revision, problems } = await load({
      'bellwether.yaml': `prometheus: {url: "https://prometheus:9090", bearerTokenFile: secrets/prometheus, certFile: secrets/tls.crt, keyFile: secrets/tls.key}
listen: {http: {address: "127.0.0.1:8080", bearerTokenFile: secrets/http}}
tls: {certFile: secrets/tls.crt, keyFile: secrets/tls.key, clientCaFile: secrets/ca.crt}
policies: [policies/*.yaml]
calendars: [calendars/*.yaml]
defaults: {policy: default}
`,
      ...Object.fromEntries(
        ['prometheus', 'http', 'tls.crt', 'tls.key', 'ca.crt'].map((name) => [
          `secrets/${name}`,
          `s3cret of ${name}`,
        ]),
      ),
    });
    expect(problems).toEqual([]);
    const dump = inspect(revision, {
      depth: Number.POSITIVE_INFINITY,
      showHidden: true,
      maxStringLength: null,
    });
    expect(dump).toContain('secrets/prometheus');
    expect(dump).not.toContain('s3cret of');
  });

  it('names equal content by an equal id, wherever it lies, and other content by another', async () => {
    const [first, second, third] = [
      await load(),
      await load(),
      await load({ 'policies/default.yaml': `${POLICY}minReplicas: 2\n` }),
    ];
    expect(first.revision?.id).toMatch(/^[0-9a-f]{12}$/);
    expect(second.revision?.id).toBe(first.revision?.id);
    expect(third.revision?.id).not.toBe(first.revision?.id);
  });

  it('takes several policies from one file and any number of files', async () => {
    const { revision } = await load({
      'policies/two.yaml': 'policy: a\nmaxReplicas: 1\n---\npolicy: b\nmaxReplicas: 2\n',
    });
    expect([...(revision?.policies.keys() ?? [])].sort()).toEqual(['a', 'b', 'default']);
  });

  it('tells every problem of every file at once', async () => {
    const { revision, problems } = await load({
      'bellwether.yaml': `prometheus:\n  url: prometheus:9090\n  tmeout: 3s\nsettle: 2\npolicies: [policies/*.yaml]\ncalendars: [calendars/*.yaml]\ndefaults: {policy: defualt}\n`,
      'policies/default.yaml':
        'policy: default\nminReplicas: 5\nmaxReplicas: 4\nupscaleDelay: 30\ncalender: desk\n',
      'calendars/desk.yaml': `${CALENDAR}holidays:\n  - {date: 2026-13-01}\n`,
    });
    expect(revision).toBeUndefined();
    expect(problems).toEqual([
      'bellwether.yaml:2:8 prometheus.url: must be an http:// or https:// address',
      'bellwether.yaml:3:3 prometheus.tmeout: must be a known key (did you mean "timeout"?)',
      expect.stringContaining('bellwether.yaml:4:9 settle: must be a duration such as "250ms"'),
      'bellwether.yaml:7:20 defaults.policy: must be the name of a policy (did you mean "default"?), was "defualt"',
      expect.stringMatching(
        /^policies\/default\.yaml:4:15 upscaleDelay: must be a duration .*did you mean "30s"\?\), was 30$/,
      ),
      'policies/default.yaml:5:1 calender: must be a known key (did you mean "calendar"?)',
      'policies/default.yaml:2:14 minReplicas: must be at most maxReplicas (4), was 5',
      expect.stringMatching(/^calendars\/desk\.yaml:8:12 holidays\.0\.date: must be a date/),
    ]);
  });

  it.each([
    [
      'both sources',
      `${MAIN}scrape: {targets: [{url: "http://a/metrics", namespace: n, pod: p}]}\n`,
      '5:9 scrape: must not be set together with prometheus',
    ],
    ['no source', 'policies: []\n', '1:1 prometheus: must be given (or scrape instead of it), was missing'],
    [
      'a wrong interval',
      `${MAIN}evaluationInterval: 500ms\n`,
      '5:21 evaluationInterval: must be at least 1s, was "500ms"',
    ],
    [
      'an address without a port',
      `${MAIN}listen: {grpc: localhost}\n`,
      '5:16 listen.grpc: must be an address such as "0.0.0.0:6000" or "[::]:6000", was "localhost"',
    ],
    [
      'a port out of range',
      `${MAIN}listen: {http: "0.0.0.0:70000"}\n`,
      '5:16 listen.http: must be an address such as "0.0.0.0:6000" or "[::]:6000", was "0.0.0.0:70000"',
    ],
    [
      'a misspelt key of listen.http',
      `${MAIN}listen: {http: {addres: "0.0.0.0:1", address: "0.0.0.0:1"}}\n`,
      '5:17 listen.http.addres: must be a known key (did you mean "address"?)',
    ],
    [
      'staleAfter within settle',
      `${MAIN}staleAfter: 2s\n`,
      '5:13 staleAfter: must be longer than settle, was "2s"',
    ],
    [
      'a certificate without its key',
      MAIN.replace('9090"', '9090", certFile: bellwether.yaml'),
      '1:13 prometheus.keyFile: must be given together with certFile, was missing',
    ],
    [
      'a label name that is none',
      MAIN.replace('9090"', '9090", matchers: {"a-b": c}'),
      '1:56 prometheus.matchers.a-b: must be a Prometheus label name (letters, digits and _), was "a-b"',
    ],
    ['a second document', `${MAIN}---\nsettle: 1s\n`, '6:1: must be the only document of its file'],
    ['a list instead of a map', '- a\n', '1:1: must be a map of fields, was ["a"]'],
    [
      'a secret file that is missing',
      `${MAIN}tls: {certFile: nope.pem, keyFile: bellwether.yaml}\n`,
      '5:17 tls.certFile: must be a file that can be read, was missing',
    ],
    [
      'a listed fleet without a name',
      `${MAIN}fleets: [{namespace: llm, model: m}]\n`,
      "5:10 fleets.0.name: must be a ScaledObject's name, was missing",
    ],
    [
      'a listed fleet of an unknown policy',
      `${MAIN}fleets:\n  - {namespace: llm, name: a, model: m, policy: defualt}\n`,
      '6:49 fleets.0.policy: must be the name of a policy of the configuration (did you mean "default"?), was "defualt"',
    ],
    [
      'a misspelt key of a listed fleet',
      `${MAIN}fleets:\n  - namespace: llm\n    name: a\n    model: m\n    minReplica: 1\n`,
      '9:5 fleets.0.minReplica: must be a known key (did you mean "minReplicas"?)',
    ],
    [
      'a fleet that is listed twice',
      `${MAIN}fleets:\n  - &a {namespace: llm, name: a, model: m}\n  - *a\n`,
      '7:5 fleets.1: must be listed once (same namespace, name, role, model and matchLabels)',
    ],
  ])('refuses %s', async (_, text, message) => {
    const { problems, revision } = await load({ 'bellwether.yaml': text });
    expect(revision).toBeUndefined();
    expect(problems).toEqual([`bellwether.yaml:${message}`]);
  });

  it('knows listed fleets with numbers written without quotes', async () => {
    const { revision } = await load({
      'bellwether.yaml': `${MAIN}fleets:\n  - {namespace: llm, name: a, model: m, minReplicas: 2, burst.threshold: 1.5}\n`,
    });
    expect(revision?.fleets).toMatchObject([
      { id: { namespace: 'llm', name: 'a' }, overrides: { minReplicas: 2, burst: { threshold: 1.5 } } },
    ]);
  });

  it('refuses names that are given twice and tells where the first one stands', async () => {
    const { problems } = await load({
      'policies/more.yaml': '# x\npolicy: default\nmaxReplicas: 1\n',
      'calendars/more.yaml': CALENDAR,
    });
    expect(
      problems.map((text) => text.replace(/[^ ]*\/(?=(policies|calendars)\/\w+\.yaml:\d+ has)/, '')),
    ).toEqual([
      'policies/more.yaml:2:9 policy: must be a name of its own, policies/default.yaml:1 has it too',
      'calendars/more.yaml:1:11 calendar: must be a name of its own, calendars/desk.yaml:1 has it too',
    ]);
  });

  it('refuses a policy whose calendar is unknown, but not for a calendar that is broken elsewhere', async () => {
    const unknown = await load({ 'policies/default.yaml': POLICY.replace('desk', 'dsk') });
    expect(unknown.problems).toEqual([
      'policies/default.yaml:3:11 calendar: must be the name of a calendar (did you mean "desk"?), was "dsk"',
    ]);
    const broken = await load({ 'calendars/desk.yaml': `${CALENDAR}holiday: []\n` });
    expect(broken.problems).toEqual([
      'calendars/desk.yaml:7:1 holiday: must be a known key (did you mean "holidays"?)',
    ]);
  });

  it('warns of a floor above maxReplicas and of a glob that matches nothing, and loads', async () => {
    const { problems, revision } = await load({
      'bellwether.yaml': MAIN.replace('policies/*.yaml', 'policies/*.yaml, "polices/*.yaml"'),
      'calendars/desk.yaml': CALENDAR.replace('floor: 2', 'floor: 9'),
    });
    expect(problems).toEqual([
      'bellwether.yaml:2:29 policies.1: warning: matches no file',
      'policies/default.yaml:3:11 calendar: warning: window "market-hours" has floor 9, above maxReplicas (4): only 4 will be asked for',
    ]);
    expect(revision).toBeDefined();
  });

  it('makes paths of secret files absolute and leaves everything else as written', async () => {
    const { revision, directory } = await load({
      'bellwether.yaml': `${MAIN.replace('9090"', '9090", bearerTokenFile: token')}`,
      token: 'hunter2',
    });
    expect(revision?.config.prometheus?.bearerTokenFile).toBe(join(directory, 'token'));
    expect(JSON.stringify(revision?.config)).not.toContain('hunter2');
  });

  it('names a file that is missing at line 0, since it has no lines', async () => {
    const { problems } = await load({
      'bellwether.yaml': MAIN.replace('policies/*.yaml', 'policies/defualt.yaml'),
    });
    expect(problems).toContain('policies/defualt.yaml:0:0: must be a file that can be read, was missing');
  });

  it.each([
    ['a password in the address', 'prometheus: {url: "http://user:hunter2@prometheus"}'],
    ['a password instead of a map', 'prometheus: {url: "http://a", basicAuth: "user:hunter2"}'],
    [
      'a password instead of a file',
      'prometheus: {url: "http://a", basicAuth: {username: a, password: hunter2}}',
    ],
    ['a token instead of a file', 'prometheus: {url: "http://a", bearerToken: hunter2}'],
    ['a token in a header', 'prometheus: {url: "http://a", headers: {Authorization: Bearer hunter2}}'],
    ['a header that is split', 'prometheus: {url: "http://a", headers: {X-Key: "hunter2\\r\\nX: y"}}'],
    ['a header of the wrong type', 'prometheus: {url: "http://a", headers: {X-Key: [hunter2]}}'],
    ['broken YAML', 'prometheus: {url: "http://a", bearerTokenFile: "hunter2'],
  ])('never repeats a secret: %s', async (_, text) => {
    const { problems, revision } = await load({ 'bellwether.yaml': text });
    expect(revision).toBeUndefined();
    expect(problems.join('\n')).not.toContain('hunter2');
  });
});
