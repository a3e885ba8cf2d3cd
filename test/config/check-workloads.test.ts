import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { checkFiles } from '../../src/config/check.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { aDirectory, write } from './files.ts';

const NOW = Date.parse('2026-07-01T12:00:00Z');
const EXAMPLE = await readFile(
  new URL('../../deploy/examples/fleet-with-buffer.yaml', import.meta.url),
  'utf8',
);

const scaledObject = (name: string, more = '', namespace = 'llm') => `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  scaleTargetRef: {name: ${name}}
  minReplicaCount: 1
  maxReplicaCount: 4
  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: {stabilizationWindowSeconds: 30}}}}
  triggers:
    - type: external-push
      metadata: {scalerAddress: "bellwether:6000", model: m${more}}
`;
const deployment = (name: string, labels: string, selector = labels) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: llm}
spec:
  selector: {matchLabels: ${selector}}
  template: {metadata: {labels: ${labels}}, spec: {}}
`;

async function check(files: Readonly<Record<string, string>>) {
  const directory = await aDirectory(files);
  const { problems } = await checkFiles([directory], NOW);
  return {
    directory,
    problems,
    told: problems.map((problem) => formatProblem(problem).replaceAll(`${directory}/`, '')),
  };
}

describe('check of a fleet with its buffer', () => {
  it.each([
    [
      'a pause pod that takes its time',
      /^ {6}terminationGracePeriodSeconds: 0$/m,
      '',
      /terminationGracePeriodSeconds: warning: should be 0: a replica waits for the pause pod's end, was 30$/,
      '      terminationGracePeriodSeconds: 0',
    ],
    [
      'a priority above zero',
      'value: -10',
      'value: 10',
      /:15:8 value: warning: should be negative, so that replicas preempt pause pods, was 10$/,
      'value: -10',
    ],
    [
      'a priority for which no node is made',
      'value: -10',
      'value: -100',
      /value: warning: should be -10 or more: the cluster autoscaler makes no node .*, was -100$/,
      'value: -10',
    ],
    [
      'another share of a node',
      /24Gi(?![\s\S]*24Gi)/,
      '8Gi',
      /resources\.requests\.memory: warning: should be what a replica of fleet\.yaml:\d+ asks for \(24Gi\), was 8Gi$/,
      '            requests: {cpu: "4", memory: 24Gi}',
    ],
    [
      'no GPU',
      /, nvidia\.com\/gpu: 1(?![\s\S]*nvidia\.com\/gpu: 1)/,
      '',
      /resources\.limits\.nvidia\.com\/gpu: warning: should be what .* asks for \(1\), was missing$/,
      '            limits: {memory: 48Gi, nvidia.com/gpu: "1"}',
    ],
    [
      'other nodes',
      /NVIDIA-L40S(?![\s\S]*NVIDIA-L40S)/,
      'NVIDIA-A10',
      /nodeSelector: warning: should be that of the fleet \(fleet\.yaml:\d+\): else the room is on other nodes$/,
      '      nodeSelector: {nvidia.com/gpu.product: NVIDIA-L40S}',
    ],
    [
      'a misspelt fleet',
      'fleet: vllm\n',
      'fleet: vlm\n',
      /metadata\.fleet: warning: is no ScaledObject of namespace analysts among these files \(did you mean "vllm"\?\), was "vlm"$/,
      '        fleet: vllm',
    ],
    [
      'a count that each apply brings back',
      'spec:\n  # No replicas',
      'spec:\n  replicas: 2\n  # No replicas',
      /spec\.replicas: warning: should be left out: each apply sets the fleet back to it, was 2$/,
      undefined,
    ],
  ])('tells of %s, and its repair is right', async (_, before, after, message, line) => {
    const text = EXAMPLE.replace(before, after);
    expect(text).not.toBe(EXAMPLE);
    const { told, problems, directory } = await check({ 'fleet.yaml': text });
    expect(told).toEqual([expect.stringMatching(message)]);
    const repair = problems[0]?.repair;
    expect(repair?.added).toEqual(line === undefined ? [] : [line]);
    const lines = text.split('\n');
    lines.splice((repair?.line ?? 1) - 1, repair?.removed.length ?? 0, ...(repair?.added ?? []));
    await write(directory, 'fleet.yaml', lines.join('\n'));
    expect((await checkFiles([directory], NOW)).problems).toEqual([]);
  });

  it('tells of a missing class and of a Service that would send requests to pause pods', async () => {
    const text = EXAMPLE.replace('      priorityClassName: vllm-buffer\n', '').replace(
      'selector: {app: vllm}',
      'selector: {app: vllm-buffer}',
    );
    expect((await check({ 'fleet.yaml': text })).told).toEqual([
      expect.stringMatching(/^fleet\.yaml:\d+:13 spec\.selector: warning: should not match the pause pods/),
      expect.stringMatching(
        /spec\.template\.spec\.priorityClassName: warning: should be a class of negative/,
      ),
    ]);
  });

  it('tells of a buffer that neither its trigger nor the policy of its fleet makes any larger than nothing', async () => {
    const bare = EXAMPLE.replace(/^ +buffer\.(?:max|lead): .*\n/gm, '');
    const config = (more: string) => ({
      'fleet.yaml': bare,
      'bellwether.yaml': 'prometheus: {url: "http://p:9090"}\npolicies: [default.yaml]\n',
      'default.yaml': `policy: default\nmaxReplicas: 4\n${more}`,
    });
    const { told, problems } = await check(config(''));
    expect(told).toEqual([
      expect.stringMatching(/metadata\.buffer\.max: warning: should be how many pause pods there may be/),
    ]);
    expect(problems[0]?.repair?.added).toEqual(['        buffer.max: "1"']);
    expect((await check(config('buffer: {max: 2}\n'))).told).toEqual([]);
    expect((await check({ 'fleet.yaml': bare })).told).toEqual([]);
  });

  it('refuses selectors that overlap', async () => {
    const text = EXAMPLE.replace('metadata: {labels: {app: vllm-buffer}}', 'metadata: {labels: {app: vllm}}');
    expect((await check({ 'fleet.yaml': text })).told).toContainEqual(
      expect.stringMatching(
        /^fleet\.yaml:\d+:13 spec\.selector: must not match the pods of deployment\/vllm-buffer \(fleet\.yaml:\d+\): both HPAs stop with AmbiguousSelector$/,
      ),
    );
  });
});

describe('check of ScaledObjects beside each other', () => {
  it('finds overlapping selectors in expressions too, and none between namespaces', async () => {
    const overlapping = {
      'a.yaml': `${scaledObject('a', ', matchLabels: "s=a"')}---\n${deployment('a', '{app: vllm, tier: a}', '{app: vllm}')}`,
      'b.yaml': `${scaledObject('b', ', matchLabels: "s=b"')}---\n${deployment('b', '{app: vllm, tier: b}', '{tier: b}')}`,
    };
    expect((await check(overlapping)).told).toEqual([
      'a.yaml:17:13 spec.selector: must not match the pods of deployment/b (b.yaml:13): both HPAs stop with AmbiguousSelector',
    ]);
    const apart = {
      ...overlapping,
      'a.yaml': overlapping['a.yaml'].replace(
        '{matchLabels: {app: vllm}}',
        '{matchLabels: {app: vllm}, matchExpressions: [{key: tier, operator: NotIn, values: [b]}]}',
      ),
    };
    expect((await check(apart)).told).toEqual([]);
    const elsewhere = {
      ...overlapping,
      'b.yaml': overlapping['b.yaml'].replaceAll('namespace: llm', 'namespace: x'),
    };
    expect((await check(elsewhere)).told).toEqual([]);
  });

  it('refuses two that scale one target', async () => {
    const second = scaledObject('b', ', matchLabels: "s=b"').replace(
      'scaleTargetRef: {name: b}',
      'scaleTargetRef: {name: a}',
    );
    const first = scaledObject('a', ', matchLabels: "s=a"');
    expect((await check({ 'so.yaml': `${first}---\n${second}` })).told).toEqual([
      'so.yaml:17:26 spec.scaleTargetRef.name: must be scaled by one ScaledObject, and so.yaml:1 scales it too, was "deployment/a"',
    ]);
  });

  it('tells of two fleets of one model that are not told apart', async () => {
    const files = (one: string, two: string, namespace = 'llm') => ({
      'a.yaml': scaledObject('a', one),
      'b.yaml': scaledObject('b', two, namespace),
    });
    expect((await check(files('', ', matchLabels: "s=b"'))).told).toEqual([
      'a.yaml:11:59 spec.triggers.0.metadata.model: warning: should be told apart by matchLabels from the fleet at b.yaml:1, whose requests are counted here too, was "m"',
    ]);
    expect((await check(files('', ''))).told).toHaveLength(2);
    expect((await check(files(', matchLabels: "s=a"', ', matchLabels: "s=b"'))).told).toEqual([]);
    expect((await check(files('', '', 'other'))).told).toEqual([]);
  });
});
