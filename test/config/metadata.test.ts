import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Known, parseTrigger } from '../../src/config/metadata.ts';
import { ALL_KEYS } from '../../src/config/metadata-keys.ts';
import type { PolicyFields } from '../../src/core/policy.ts';

const KNOWN: Known = {
  policies: new Map<string, PolicyFields>([
    ['default', { minReplicas: 1, maxReplicas: 4 }],
    ['bursty', { minReplicas: 2, maxReplicas: 8, burst: { threshold: 2 } }],
  ]),
  calendars: new Set(['us-equities']),
  defaultPolicy: 'default',
};

const parse = (metadata: Readonly<Record<string, string>>, known: Known = KNOWN) =>
  parseTrigger({ namespace: 'llm', name: 'vllm', metadata }, known);

const problemsOf = (metadata: Readonly<Record<string, string>>, known: Known = KNOWN) => {
  const read = parse(metadata, known);
  return 'problems' in read ? read.problems : [];
};

describe('parseTrigger', () => {
  it('reads every kind of key and ignores what is KEDA’s own', () => {
    const read = parse({
      scalerAddress: 'bellwether:6000',
      enableTLS: 'true',
      unsafeSsl: 'false',
      model: 'meta-llama/Llama-3.1-8B',
      policy: 'bursty',
      calendar: 'us-equities',
      scaleTarget: 'Deployment/vllm',
      matchLabels: 'service=a, cluster=b=c',
      minReplicas: '3',
      upscaleDelay: '1m30s',
      'burst.hold': '2m',
      'guards.consolidation': 'false',
      'delay.apply': 'max',
      targetOngoingRequests: '12.5',
    });
    expect(read).toEqual({
      fleet: {
        id: {
          namespace: 'llm',
          name: 'vllm',
          role: 'replicas',
          model: 'meta-llama/Llama-3.1-8B',
          matchLabels: { service: 'a', cluster: 'b=c' },
        },
        policy: 'bursty',
        calendar: 'us-equities',
        overrides: {
          minReplicas: 3,
          upscaleDelay: 90_000,
          burst: { hold: 120_000 },
          guards: { consolidation: false },
          delay: { apply: 'max' },
          targetOngoingRequests: 12.5,
        },
        scaleTarget: { kind: 'deployment', name: 'vllm' },
        bufferOf: undefined,
        advisoryAnswer: undefined,
      },
    });
  });

  it('reads KEYFromEnv as KEY, and refuses both', () => {
    expect(parse({ modelFromEnv: 'm', minReplicasFromEnv: '2' })).toMatchObject({
      fleet: { id: { model: 'm' }, overrides: { minReplicas: 2 } },
    });
    expect(problemsOf({ model: 'm', modelFromEnv: 'n' })).toEqual([
      'model: must be given once, was given as model and modelFromEnv',
    ]);
  });

  it('reads a buffer trigger, which names a fleet and needs no model', () => {
    expect(parse({ role: 'buffer', fleet: 'vllm' })).toMatchObject({
      fleet: { id: { role: 'buffer', model: '' }, bufferOf: 'vllm' },
    });
    expect(problemsOf({ role: 'buffer' })).toEqual([
      "fleet: must be the GPU fleet's ScaledObject, was missing",
    ]);
    expect(problemsOf({ model: 'm', fleet: 'vllm' })).toEqual([
      'fleet: must be left out: only a trigger with role: buffer has it',
    ]);
  });

  it.each([
    ['no model', {}, 'model: must be the model_name of the fleet, was missing'],
    ['an empty model', { model: ' ' }, 'model: must not be empty, was " "'],
    [
      'a model with a newline',
      { model: 'a\nb' },
      'model: must be one line without control characters, was "a\\nb"',
    ],
    [
      'a model that is too long',
      { model: 'x'.repeat(513) },
      'model: must have at most 512 characters, was 513 long',
    ],
    [
      'a misspelt field',
      { model: 'm', minReplica: '2' },
      'minReplica: must be a known key (did you mean "minReplicas"?)',
    ],
    [
      'a misspelt leaf',
      { model: 'm', 'burst.treshold': '2' },
      'burst.treshold: must be a known key (did you mean "burst.threshold"?)',
    ],
    [
      'a misspelt policy',
      { model: 'm', policy: 'brusty' },
      'policy: must be the name of a policy of the configuration (did you mean "bursty"?), was "brusty"',
    ],
    [
      'an unknown calendar',
      { model: 'm', calendar: 'us-equity' },
      'calendar: must be the name of a calendar of the configuration (did you mean "us-equities"?), was "us-equity"',
    ],
    [
      'signals',
      { model: 'm', signals: '{}' },
      'signals: must be set in the policy: signals never come from metadata',
    ],
    [
      'PromQL',
      { model: 'm', 'signals.query.promql': 'up' },
      'signals.query.promql: must be set in the policy: signals never come from metadata',
    ],
    ['a number that is none', { model: 'm', minReplicas: 'two' }, 'minReplicas: must be a number, was "two"'],
    [
      'a fraction of a replica',
      { model: 'm', maxReplicas: '2.5' },
      'maxReplicas: must be a whole number, was 2.5',
    ],
    ['hexadecimal', { model: 'm', maxReplicas: '0x4' }, 'maxReplicas: must be a number, was "0x4"'],
    [
      'infinity',
      { model: 'm', targetOngoingRequests: '1e999' },
      'targetOngoingRequests: must be a number, was null',
    ],
    [
      'a duration without a unit',
      { model: 'm', upscaleDelay: '30' },
      'upscaleDelay: must be a duration such as "250ms", "30s", "5m" or "1h30m" (a number needs a unit: did you mean "30s"?), was "30"',
    ],
    [
      'a word for a boolean',
      { model: 'm', 'guards.consolidation': 'yes' },
      'guards.consolidation: must be true or false, was "yes"',
    ],
    [
      'a misspelt choice',
      { model: 'm', mode: 'advisry' },
      'mode: must be one of "active", "advisory" (did you mean "advisory"?), was "advisry"',
    ],
    [
      'a misspelt role',
      { model: 'm', role: 'bufer' },
      'role: must be "replicas" or "buffer" (did you mean "buffer"?), was "bufer"',
    ],
    [
      'limits that contradict each other',
      { model: 'm', minReplicas: '3', maxReplicas: '2' },
      'minReplicas: must be at most maxReplicas (2), was 3',
    ],
    [
      'a limit that contradicts the policy',
      { model: 'm', minReplicas: '5' },
      'minReplicas: must be at most maxReplicas (4), was 5',
    ],
    [
      'half a burst',
      { model: 'm', 'burst.hold': '5s' },
      'burst.threshold: must be a number greater than 0, was missing (without it there is no burst)',
    ],
    [
      'a scale target without a kind',
      { model: 'm', scaleTarget: 'vllm' },
      'scaleTarget: must be kind/name, such as "deployment/vllm", was "vllm"',
    ],
    [
      'another namespace by its label',
      { model: 'm', matchLabels: 'namespace=other' },
      'matchLabels: must not name namespace, which is the ScaledObject\'s, was "namespace=other"',
    ],
    [
      'a label name that is PromQL',
      { model: 'm', matchLabels: 'a"}or{b=c' },
      'matchLabels: must name Prometheus labels (letters, digits and _), was "a\\"}or{b=c"',
    ],
    [
      'a reserved label',
      { model: 'm', matchLabels: '__name__=up' },
      'matchLabels: must not name a reserved label (__…), was "__name__=up"',
    ],
    [
      'a label given twice',
      { model: 'm', matchLabels: 'a=b,a=c' },
      'matchLabels: must name each label once, was "a=c"',
    ],
    [
      'a label without a value',
      { model: 'm', matchLabels: 'a=' },
      'matchLabels: must give each label 1 to 512 characters, was "a="',
    ],
    [
      'a wrong advisory answer',
      { model: 'm', advisoryAnswer: '0' },
      'advisoryAnswer: must be "zero", was "0"',
    ],
    [
      'a key that is no word',
      { model: 'm', 'a"\n': '1' },
      expect.stringMatching(/^"a\\"\\n": must be a known key: one of model, policy/),
    ],
  ])('refuses %s', (_, metadata, problem) => {
    expect(problemsOf(metadata)).toEqual([problem]);
  });

  it('tells every problem at once', () => {
    expect(problemsOf({ modell: 'm', minReplicas: 'x', upscaleDelay: '5', policy: 'nope' }).length).toBe(5);
  });

  it.each(['', 'a b', 'a"b', 'a\nb', 'A', '-a', `${'a'.repeat(64)}`, '../a'])(
    'refuses the namespace %j',
    (namespace) => {
      const read = parseTrigger({ namespace, name: 'vllm', metadata: { model: 'm' } }, KNOWN);
      expect(read).toEqual({
        problems: [expect.stringMatching(/^namespace: must be a namespace's name, was /)],
      });
    },
  );

  it('wants a policy where there is neither a default nor a limit of its own', () => {
    const known = { ...KNOWN, defaultPolicy: undefined };
    expect(problemsOf({ model: 'm' }, known)).toEqual([
      'policy: must name a policy, was missing (and bellwether.yaml names no defaults.policy)',
    ]);
    expect(problemsOf({ model: 'm', maxReplicas: '3' }, known)).toEqual([]);
  });

  it('does not check names that nobody knows, nor rules that the unknown policy may satisfy', () => {
    const known: Known = { policies: undefined, calendars: undefined };
    expect(
      problemsOf(
        { model: 'm', policy: 'any', calendar: 'any', 'burst.hold': '5s', initialReplicas: '0' },
        known,
      ),
    ).toEqual([]);
  });

  it('never throws and always decides, whatever it is sent', () => {
    const key = fc.oneof(
      fc.string(),
      fc.constantFrom(...ALL_KEYS, '__proto__', 'constructor', 'toString', 'modelFromEnv'),
    );
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.constantFrom('1', '0', '-1', '1e400', '30s', 'true', 'a=b'),
    );
    const metadata = fc.dictionary(key, value, { maxKeys: 80 });
    fc.assert(
      fc.property(fc.string(), fc.string(), metadata, (namespace, name, given) => {
        const read = parseTrigger({ namespace, name, metadata: given }, KNOWN);
        if ('problems' in read) {
          expect(read.problems.length).toBeGreaterThan(0);
          // An error travels in a gRPC status and a log line: short, and one line.
          expect(read.problems.every((problem) => problem.length < 2_000 && !/[\n\r]/.test(problem))).toBe(
            true,
          );
        } else expect(read.fleet.id.namespace).toBe(namespace);
      }),
      { numRuns: 500 },
    );
  });

  it('accepts any printable model name as it is', () => {
    const printable = fc.string({ minLength: 1, maxLength: 100 }).filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(printable, (model) => {
        expect(parse({ model })).toMatchObject({ fleet: { id: { model } } });
      }),
    );
  });
});
