import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { aConfiguration, aDirectory, CALENDAR, POLICY } from './files.ts';

/** The clock of every check here: in the middle of what the shipped calendars cover. */
const NOW = Date.parse('2026-07-01T12:00:00Z');

async function check(directory: string, ...args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  let exit = -1;
  const io = {
    out: (text: string) => void out.push(text.replaceAll(`${directory}/`, '')),
    err: (text: string) => void err.push(text.replaceAll(`${directory}/`, '')),
    setExitCode: (code: number) => {
      exit = code;
    },
    color: false,
  };
  const paths = args.map((arg) => (arg.startsWith('--') ? arg : join(directory, arg)));
  await checkCommand(io, () => NOW).parseAsync(paths, { from: 'user' });
  return { out, err, exit };
}

const TRIGGER = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: vllm, namespace: llm}
spec:
  minReplicaCount: 1
  maxReplicaCount: 4
  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: {stabilizationWindowSeconds: 30}}}}
  triggers:
    - type: external-push
      metadata:
        scalerAddress: bellwether:6000
        model: m
`;

describe('bellwether check', () => {
  it('passes the examples and calendars that are shipped, without a warning', async () => {
    const root = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
    const { err, exit, out } = await check(root, 'deploy/examples', 'calendars');
    expect(err).toEqual([]);
    expect(exit).toBe(0);
    expect(out.at(-1)).toMatch(/^\d+ files, 0 errors, 0 warnings$/);
  });

  it('tells documents apart by their content, several in a file, and skips what is not ours', async () => {
    const directory = await aDirectory({
      'all.yml': `${POLICY}minReplica: 1\n---\n${CALENDAR}holiday: []\n---\napiVersion: apps/v1\nkind: Deployment\n---\n${TRIGGER}        modell: x\n`,
      'values.yaml': 'replicaCount: 1\n',
      'chart/Chart.yaml': 'name: x\n',
      'chart/templates/a.yaml': '{{ broken',
    });
    const { err, out, exit } = await check(directory, '.');
    expect(err).toEqual([
      'all.yml:4:1 minReplica: must be a known key (did you mean "minReplicas"?)',
      'all.yml:12:1 holiday: must be a known key (did you mean "holidays"?)',
      'all.yml:29:9 spec.triggers.0.metadata.modell: must be a known key (did you mean "model"?)',
    ]);
    expect(out).toEqual([
      'all.yml:14 skipped: kind Deployment',
      'chart/Chart.yaml:1 skipped: nothing of Bellwether',
      'values.yaml:1 skipped: nothing of Bellwether',
      '3 files, 3 errors, 0 warnings',
    ]);
    expect(exit).toBe(1);
  });

  it('refuses a file that is named and is nothing of ours', async () => {
    const directory = await aDirectory({ 'values.yaml': 'replicaCount: 1\n' });
    const { err, exit } = await check(directory, 'values.yaml');
    expect(err).toEqual([
      'values.yaml:1:1: must be a Bellwether configuration, policy or calendar, or a ScaledObject',
    ]);
    expect(exit).toBe(1);
  });

  it('checks the rest and exits with 2 when a file is missing', async () => {
    const directory = await aDirectory({ 'p.yaml': 'policy: p\n' });
    const { err, exit } = await check(directory, 'nope.yaml', 'p.yaml');
    expect(err).toEqual([
      'nope.yaml:0:0: must be a file that can be read, was missing',
      'p.yaml:1:1 maxReplicas: must be a number, was missing',
    ]);
    expect(exit).toBe(2);
  });

  it('checks references where a bellwether.yaml is among the files, and tells each problem once', async () => {
    const directory = await aConfiguration({
      'policies/default.yaml': POLICY.replace('desk', 'dsk'),
      'so.yaml': `${TRIGGER}        policy: defualt\n        calendar: desc\n`,
    });
    const { err } = await check(directory, '.', 'policies');
    expect(err).toEqual([
      'policies/default.yaml:3:11 calendar: must be the name of a calendar (did you mean "desk"?), was "dsk"',
      'so.yaml:13:17 spec.triggers.0.metadata.policy: must be the name of a policy of the configuration (did you mean "default"?), was "defualt"',
      'so.yaml:14:19 spec.triggers.0.metadata.calendar: must be the name of a calendar of the configuration (did you mean "desk"?), was "desc"',
    ]);
    const alone = await check(directory, 'so.yaml');
    expect(alone).toMatchObject({ err: [], exit: 0 });
  });

  it('prints one JSON document with --json', async () => {
    const directory = await aDirectory({
      'p.yaml': 'policy: p\nmaxReplicas: 4\nupscaleDelay: 5\nminReplicas: 0\ndownscaleDelay: 1m\n',
    });
    const { out, err, exit } = await check(directory, '--json', 'p.yaml');
    expect(err).toEqual([]);
    expect(JSON.parse(out.join('\n'))).toMatchObject({
      files: ['p.yaml'],
      problems: [
        { severity: 'error', line: 3, column: 15, path: 'upscaleDelay' },
        { severity: 'warning', line: 5, column: 17, path: 'downscaleDelay' },
      ],
      errors: 1,
      warnings: 1,
      skipped: [],
    });
    expect(exit).toBe(1);
  });

  it('prints the repaired lines of a ScaledObject as a patch, for the versions it is meant for', async () => {
    const large = TRIGGER.replace('maxReplicaCount: 4', 'maxReplicaCount: 40').replace(
      '{behavior: {',
      '{behavior: {scaleUp: {tolerance: "0", policies: [{type: Pods, value: 100, periodSeconds: 15}]}, ',
    );
    const directory = await aDirectory({ 'so.yaml': large });
    const { err, exit } = await check(directory, '--kubernetes-version=1.34', 'so.yaml');
    expect(err).toEqual([
      expect.stringMatching(/^so\.yaml:7:\d+ .*scaleUp\.tolerance: warning: is dropped by Kubernetes 1\.34/),
      expect.stringMatching(/^so\.yaml:7:\d+ .*scaleDown\.tolerance: warning: should be "0"/),
      expect.stringMatching(/^ {4}- {3}advanced: .*scaleDown: \{stabilizationWindowSeconds: 30\}/),
      expect.stringMatching(
        /^ {4}\+ {3}advanced: .*scaleDown: \{stabilizationWindowSeconds: 30, tolerance: "0"\}/,
      ),
    ]);
    expect(exit).toBe(0);
  });

  it('asks for files where no cluster is to be asked', async () => {
    const directory = await aDirectory({});
    expect(await check(directory)).toMatchObject({
      err: ['must be given files to check, or --cluster'],
      exit: 2,
    });
  });

  it('writes the repaired lines into annotations too', async () => {
    const text = TRIGGER.replace('Seconds: 30', 'Seconds: 300');
    const directory = await aDirectory({ 'so.yaml': text });
    const { out } = await check(directory, '--format=github', 'so.yaml');
    expect(out[0]).toMatch(
      /^::warning file=so\.yaml,line=7,col=\d+,title=[^:]+::.*was 300%0AWrite:%0A {2}advanced: .*Seconds: 30\}\}\}\}$/,
    );
  });
});
