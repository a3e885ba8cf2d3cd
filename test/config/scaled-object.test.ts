import { describe, expect, it } from 'vitest';
import { checkFiles } from '../../src/config/check.ts';
import type { ClusterVersions } from '../../src/config/scaled-object-scene.ts';
import { formatProblem, type Problem, type Repair } from '../../src/core/problem.ts';
import { aConfiguration, aDirectory, CALENDAR, POLICY, write } from './files.ts';

const NOW = Date.parse('2026-07-01T12:00:00Z');

/** Nothing is wrong with it. */
const GOOD = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: vllm
  namespace: llm
spec:
  scaleTargetRef: {name: vllm}
  minReplicaCount: 1
  maxReplicaCount: 4
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleDown: {stabilizationWindowSeconds: 30}
  triggers:
    - type: external-push
      metricType: AverageValue
      metadata:
        scalerAddress: bellwether:6000
        model: m
`;
const SLEEPY = GOOD.replace(
  'minReplicaCount: 1',
  'minReplicaCount: 0\n  cooldownPeriod: 30\n  initialCooldownPeriod: 300',
);
const LARGE = GOOD.replace('maxReplicaCount: 4', 'maxReplicaCount: 40').replace(
  '        scaleDown: {stabilizationWindowSeconds: 30}',
  `        scaleUp:
          tolerance: "0"
          policies: [{type: Pods, value: 100, periodSeconds: 15}]
        scaleDown: {stabilizationWindowSeconds: 30, tolerance: "0"}`,
);
const inTrigger = (line: string, text = GOOD) =>
  text.replace('      metadata:\n', `      ${line}\n      metadata:\n`);
const inMetadata = (line: string, text = GOOD) => `${text}        ${line}\n`;
const inSpec = (line: string, text = GOOD) => text.replace('  advanced:', `  ${line}\n  advanced:`);
const inBehavior = (line: string, text = GOOD) =>
  text.replace('        scaleDown', `        ${line}\n        scaleDown`);

async function problemsOf(directory: string, versions: ClusterVersions = {}): Promise<readonly Problem[]> {
  const { problems } = await checkFiles([directory], NOW, versions);
  return problems.map((problem) => ({ ...problem, file: problem.file.replace(`${directory}/`, '') }));
}

function applied(text: string, { line, removed, added }: Repair): string {
  const lines = text.split('\n');
  expect(lines.slice(line - 1, line - 1 + removed.length)).toEqual(removed);
  lines.splice(line - 1, removed.length, ...added);
  return lines.join('\n');
}

/** Without a bellwether.yaml: nothing is known of policies. */
const TRAPS: readonly (readonly [name: string, text: string, problem: string, repair: readonly string[]])[] =
  [
    [
      'metricType Value',
      GOOD.replace('AverageValue', 'Value'),
      '16:19 spec.triggers.0.metricType: must be AverageValue (the answer is a count of replicas), was "Value"',
      ['      metricType: AverageValue'],
    ],
    [
      'a number without quotes',
      inMetadata('minReplicas: 2'),
      '20:22 spec.triggers.0.metadata.minReplicas: must be text (put it in quotes): Kubernetes refuses other values',
      ['        minReplicas: "2"'],
    ],
    [
      'a missing address',
      GOOD.replace('        scalerAddress: bellwether:6000\n', ''),
      '18:9 spec.triggers.0.metadata.scalerAddress: must be host:port, such as "bellwether.bellwether.svc:6000", was missing',
      ['        scalerAddress: bellwether.bellwether.svc:6000'],
    ],
    [
      'an address with a scheme and no port',
      GOOD.replace('bellwether:6000', 'http://bellwether.svc'),
      '18:24 spec.triggers.0.metadata.scalerAddress: must be host:port, such as "bellwether.bellwether.svc:6000", was "http://bellwether.svc"',
      ['        scalerAddress: bellwether.svc:6000'],
    ],
    [
      'certificates in metadata',
      inMetadata('caCert: /ca.pem'),
      '20:17 spec.triggers.0.metadata.caCert: warning: has no effect here: KEDA reads it from a TriggerAuthentication only',
      [
        '      authenticationRef: {name: vllm-bellwether-tls}',
        '      metadata:',
        '        scalerAddress: bellwether:6000',
        '        model: m',
      ],
    ],
    [
      'certificates that are not verified',
      inMetadata('unsafeSsl: "true"'),
      '20:20 spec.triggers.0.metadata.unsafeSsl: warning: accepts any certificate: give caCert in a TriggerAuthentication instead',
      [],
    ],
    [
      'cached metrics',
      inTrigger('useCachedMetrics: true'),
      '17:25 spec.triggers.0.useCachedMetrics: warning: makes the HPA read answers as old as pollingInterval',
      [],
    ],
    [
      'two triggers that are one fleet with two settings',
      `${GOOD}    - type: external-push
      metadata: {scalerAddress: "bellwether:6000", model: m, minReplicas: "2"}
`,
      '20:7 spec.triggers.1: must differ from spec.triggers.0 in role, model and matchLabels: they are one fleet, and its settings are those of whichever KEDA asked last',
      [],
    ],
    [
      'two triggers with the same metadata',
      `${GOOD}    - type: external-push
      metadata: {scalerAddress: "bellwether:6000", model: m}
`,
      '20:7 spec.triggers.1: warning: is the same fleet as spec.triggers.0 in role, model and matchLabels: KEDA asks twice for one answer',
      [],
    ],
    [
      "another scaler's trigger beside ours",
      `${GOOD}    - type: cron
      metadata: {timezone: UTC, start: 0 9 * * *, end: 0 17 * * *, desiredReplicas: "3"}
`,
      '20:7 spec.triggers.1: warning: should stand alone: the HPA takes the largest of what triggers ask for, so "cron" keeps a fleet from falling to Bellwether\'s answer',
      [],
    ],
    [
      'the default window of the HPA',
      GOOD.replace(/ {2}advanced:[\s\S]* {2}triggers/, '  triggers'),
      '7:3 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds: warning: should be 30: it comes on top of downscaleDelay, was the default of 300',
      [
        '  advanced:',
        '    horizontalPodAutoscalerConfig:',
        '      behavior:',
        '        scaleDown: {stabilizationWindowSeconds: 30}',
      ],
    ],
    [
      'a long window',
      GOOD.replace('Seconds: 30', 'Seconds: 300'),
      '13:49 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds: warning: should be 30: it comes on top of downscaleDelay, was 300',
      ['        scaleDown: {stabilizationWindowSeconds: 30}'],
    ],
    [
      'no window at all',
      GOOD.replace('Seconds: 30', 'Seconds: 0'),
      '13:49 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds: warning: should be 30: two scaler replicas that disagree for a moment would shrink the fleet, was 0',
      ['        scaleDown: {stabilizationWindowSeconds: 30}'],
    ],
    [
      'a window on rises',
      inBehavior('scaleUp: {stabilizationWindowSeconds: 60}'),
      '13:47 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.stabilizationWindowSeconds: warning: should be 0: it comes on top of upscaleDelay, was 60',
      ['        scaleUp: {stabilizationWindowSeconds: 0}'],
    ],
    [
      'a tolerance in a policy',
      inBehavior(
        'scaleUp:\n          policies:\n            - {type: Pods, value: 100, periodSeconds: 15, tolerance: "0"}',
      ),
      '15:70 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.policies.0.tolerance: warning: has no effect here: it stands beside policies, in scaleUp',
      ['            - {type: Pods, value: 100, periodSeconds: 15}', '          tolerance: "0"'],
    ],
    [
      'steps that are too small',
      GOOD.replace('{stab', '{policies: [{type: Pods, value: 1, periodSeconds: 60}], stab'),
      '13:31 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.policies: warning: should let the HPA go to the answer in one step (Percent: 100 each 15 s)',
      [
        '        scaleDown: {policies: [{type: Percent, value: 100, periodSeconds: 15}], stabilizationWindowSeconds: 30}',
      ],
    ],
    [
      'the smaller of two steps',
      inBehavior(`scaleUp:
          selectPolicy: Min
          policies:
            - type: Pods
              value: 100
              periodSeconds: 15
            - type: Percent
              value: 10
              periodSeconds: 60
          stabilizationWindowSeconds: 0`),
      '16:13 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.policies: warning: should let the HPA go to the answer in one step (Pods: 100 each 15 s)',
      ['          policies: [{type: Pods, value: 100, periodSeconds: 15}]'],
    ],
    [
      'falls that are not followed',
      GOOD.replace('{stab', '{selectPolicy: Disabled, stab'),
      '13:35 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.selectPolicy: warning: keeps the HPA from following falls at all',
      ['        scaleDown: {selectPolicy: Max, stabilizationWindowSeconds: 30}'],
    ],
    [
      'the tolerance of a large fleet',
      LARGE.replace('          tolerance: "0"\n', ''),
      '14:11 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.tolerance: warning: should be "0" (Kubernetes 1.35): else the HPA ignores changes within 10 %, and up to 40 replicas are allowed here',
      ['          tolerance: "0"'],
    ],
    [
      "the HPA's own steps where a fleet is large",
      LARGE.replace('          policies: [{type: Pods, value: 100, periodSeconds: 15}]\n', ''),
      "14:11 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.policies: warning: should be given: the HPA's own (4 pods or twice as many each 15 s) take 4 syncs to 40 replicas",
      ['          policies: [{type: Pods, value: 100, periodSeconds: 15}]'],
    ],
    [
      'an HPA with a name of its own',
      GOOD.replace(
        '    horizontalPodAutoscalerConfig:\n',
        '    horizontalPodAutoscalerConfig:\n      name: mine\n',
      ),
      '12:13 spec.advanced.horizontalPodAutoscalerConfig.name: warning: hides what is scaled, which is looked up as the HPA keda-hpa-NAME: give scaleTarget in the trigger (or leave the name out)',
      [],
    ],
    [
      'a formula',
      GOOD.replace('  advanced:\n', '  advanced:\n    scalingModifiers: {formula: a + 1, target: "1"}\n'),
      '11:23 spec.advanced.scalingModifiers: warning: should be left out: the HPA gets what the formula makes of the answer, so explain and the fleet disagree',
      [],
    ],
    [
      'an idle count',
      inSpec('idleReplicaCount: 0'),
      '10:21 spec.idleReplicaCount: warning: should be left out: below minReplicaCount KEDA and the HPA work against each other, was 0',
      [],
    ],
    [
      'a fallback to zero',
      inSpec('fallback: {failureThreshold: 3, replicas: 0}', SLEEPY),
      '12:45 spec.fallback.replicas: warning: should not be 0 with minReplicaCount 0: errors then scale the fleet to zero instead of holding it',
      ['  fallback: {failureThreshold: 3, replicas: 1, behavior: currentReplicasIfHigher}'],
    ],
    [
      'a fallback that shrinks',
      inSpec('fallback:\n    failureThreshold: 3\n    replicas: 2'),
      '11:5 spec.fallback.behavior: warning: should be currentReplicasIfHigher: static takes a larger fleet down to 2 when the scaler errs',
      ['    behavior: currentReplicasIfHigher'],
    ],
    [
      'a long cooldown',
      SLEEPY.replace('cooldownPeriod: 30\n', 'cooldownPeriod: 300\n'),
      '9:19 spec.cooldownPeriod: warning: should be 30 where zero is allowed: it comes on top of downscaleToZeroDelay, was 300',
      ['  cooldownPeriod: 30'],
    ],
    [
      'sleep at the first poll',
      SLEEPY.replace('  initialCooldownPeriod: 300\n', ''),
      '7:3 spec.initialCooldownPeriod: warning: should be a cold start (300) where zero is allowed: KEDA may put a fleet to sleep at its first poll, was 0',
      ['  initialCooldownPeriod: 300'],
    ],
    [
      'a slow wake',
      SLEEPY.replace('external-push', 'external # asked'),
      '17:13 spec.triggers.0.type: warning: should be external-push where zero is allowed: else the fleet wakes at the next poll, each 30 s',
      ['    - type: external-push # asked'],
    ],
    [
      'a pause that was left behind',
      GOOD.replace(
        '  namespace: llm\n',
        '  namespace: llm\n  annotations:\n    a: b\n    autoscaling.keda.sh/paused: "true"\n',
      ),
      '8:33 metadata.annotations.autoscaling.keda.sh/paused: warning: pauses the fleet: KEDA deletes its HPA, and no answer arrives',
      [],
    ],
    [
      'replicas counted elsewhere',
      inMetadata('scaleTarget: deployment/other'),
      '7:26 spec.scaleTargetRef.name: warning: should be what the trigger\'s scaleTarget names (deployment/other), whose replicas are counted, was "vllm"',
      ['  scaleTargetRef: {name: other}'],
    ],
  ];

describe('check of a ScaledObject', () => {
  it.each([
    ['plain', GOOD],
    ['that sleeps', SLEEPY],
    ['that is large', LARGE],
  ])('has nothing to say of one %s and right', async (_, text) => {
    expect(await problemsOf(await aDirectory({ 'so.yaml': text }))).toEqual([]);
  });

  it.each(TRAPS)('tells of %s, and its repair is right', async (_, text, problem, added) => {
    const directory = await aDirectory({ 'so.yaml': text });
    const [found, ...others] = await problemsOf(directory);
    expect(others.map(formatProblem)).toEqual([]);
    expect(found && formatProblem(found)).toBe(`so.yaml:${problem}`);
    expect(found?.repair?.added).toEqual(added);
    await write(directory, 'so.yaml', found?.repair ? applied(text, found.repair) : text);
    expect(await problemsOf(directory)).toEqual([]);
  });

  it('tells that zero as the only answer puts a fleet to sleep', async () => {
    const alone = await aDirectory({ 'so.yaml': inMetadata('advisoryAnswer: zero') });
    expect((await problemsOf(alone)).map(formatProblem)).toEqual([
      'so.yaml:20:25 spec.triggers.0.metadata.advisoryAnswer: must stand beside another trigger: alone, zero is what the fleet gets',
    ]);
    const beside = `${inMetadata('advisoryAnswer: zero')}    - {type: cpu, metadata: {value: "60"}}\n`;
    expect(await problemsOf(await aDirectory({ 'so.yaml': beside }))).toEqual([]);
  });

  it('leaves the triggers of others alone', async () => {
    const other = GOOD.replace('bellwether:6000', 'other').replace('model: m', 'threshold: "5"');
    const text = other.replace('maxReplicaCount: 4', 'maxReplicaCount: 50');
    expect(await problemsOf(await aDirectory({ 'so.yaml': text }))).toEqual([]);
  });

  it.each([
    ['Kubernetes', { kubernetes: 'v1.34.1' }, /is dropped by Kubernetes v1\.34\.1, unless the feature gate/],
    ['KEDA', { keda: '2.17.2' }, /is dropped by KEDA 2\.17\.2, whose ScaledObject has it from 2\.18 on/],
  ])('says where %s is too old for a tolerance', async (_, versions, message) => {
    const directory = await aDirectory({ 'so.yaml': LARGE });
    const found = await problemsOf(directory, versions);
    expect(found.map(({ path }) => path.split('.').slice(-2).join('.'))).toEqual([
      'scaleUp.tolerance',
      'scaleDown.tolerance',
    ]);
    for (const problem of found) expect(problem.message).toMatch(message);
    expect(await problemsOf(directory, { kubernetes: '1.35+', keda: '2.21.0' })).toEqual([]);
  });

  it('repairs files with Windows line ends, comments and other documents around', async () => {
    const text = `# ours\r\npolicy: p\r\nmaxReplicas: 4\r\n---\r\n${GOOD.replace('Seconds: 30', 'Seconds: 300').replaceAll('\n', '\r\n')}---\r\n# end\r\n`;
    const [problem] = await problemsOf(await aDirectory({ 'so.yaml': text }));
    expect(problem?.repair).toEqual({
      line: 17,
      removed: ['        scaleDown: {stabilizationWindowSeconds: 300}'],
      added: ['        scaleDown: {stabilizationWindowSeconds: 30}'],
    });
  });
});

describe('check of a ScaledObject beside its policy and calendar', () => {
  const FILES = {
    policy: (more: string) => ({ 'policies/default.yaml': `${POLICY}${more}` }),
    windows: (more: string) => ({ 'calendars/desk.yaml': `${CALENDAR}${more}` }),
  };

  it.each([
    [
      'a cap below the policy’s and a floor',
      GOOD.replace('maxReplicaCount: 4', 'maxReplicaCount: 1'),
      {},
      '9:20 spec.maxReplicaCount: warning: cuts what the policy may ask for (maxReplicas 4), and the floor 2 of window "market-hours", was 1',
      '  maxReplicaCount: 4',
    ],
    [
      'a cap below what a window asks for',
      GOOD,
      FILES.windows('  - {name: burst, on: regular, floor: 5, policy: {maxReplicas: 6}}\n'),
      '9:20 spec.maxReplicaCount: warning: cuts what the policy may ask for (maxReplicas 6 in window "burst"), and the floor 5 of window "burst", was 4',
      '  maxReplicaCount: 6',
    ],
    [
      'a floor above the policy’s and a ceiling',
      GOOD.replace('minReplicaCount: 1', 'minReplicaCount: 2'),
      FILES.windows('  - {name: nights, outside: market-hours, ceiling: 1}\n'),
      '8:20 spec.minReplicaCount: warning: is above minReplicas (1), so the fleet never falls so far, nor to the ceiling 1 of window "nights", was 2',
      '  minReplicaCount: 1',
    ],
    [
      'a zero that the policy never asks for',
      GOOD.replace('  minReplicaCount: 1\n', ''),
      {},
      "7:3 spec.minReplicaCount: warning: should be 1, the policy's minReplicas: 0 lets KEDA take the fleet to zero, was 0",
      '  minReplicaCount: 1',
    ],
    [
      'sleep that comes sooner than a start takes',
      SLEEPY,
      FILES.policy('minReplicas: 0\ndownscaleToZeroDelay: 1m\n'),
      '9:19 spec.cooldownPeriod: warning: should be longer: with downscaleToZeroDelay (1m) it is less than a cold start (5m)',
      '  cooldownPeriod: 240',
    ],
  ])('tells of %s', async (_, text, files, problem, added) => {
    const directory = await aConfiguration({ 'so.yaml': text, ...files });
    const [found, ...others] = (await problemsOf(directory)).filter(({ file }) => file === 'so.yaml');
    expect(others.map(formatProblem)).toEqual([]);
    expect(found && formatProblem(found)).toBe(`so.yaml:${problem}`);
    expect(found?.repair?.added).toEqual([added]);
    await write(directory, 'so.yaml', found?.repair ? applied(text, found.repair) : text);
    expect((await problemsOf(directory)).filter(({ file }) => file === 'so.yaml')).toEqual([]);
  });

  it('asks for no tolerance where the policy keeps the fleet small', async () => {
    const text = GOOD.replace('  maxReplicaCount: 4\n', '');
    expect(await problemsOf(await aConfiguration({ 'so.yaml': text }))).toEqual([]);
  });

  it('refuses bounds that cross each other', async () => {
    const text = GOOD.replace('minReplicaCount: 1', 'minReplicaCount: 5');
    const found = (await problemsOf(await aDirectory({ 'so.yaml': text }))).map(formatProblem);
    expect(found).toEqual(['so.yaml:9:20 spec.maxReplicaCount: must be at least minReplicaCount (5), was 4']);
  });
});
