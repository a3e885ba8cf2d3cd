import { describe, expect, it } from 'vitest';
import { readPod } from '../../../src/ingest/kubernetes/pod.ts';
import { trimmedPod } from '../../../src/ingest/kubernetes/pod-line.ts';
import { aPod } from '../../support/kubernetes.ts';

const NASTY = '"managedFields":[ ]},"spec":{ },"status":{ \\ ü 東京';

function line(fields: unknown, spec: object): string {
  const { metadata, status } = aPod({ scheduled: 1, started: 20, ready: 60, labels: { app: 'vllm' } });
  const annotations = { note: NASTY };
  return JSON.stringify({
    type: 'MODIFIED',
    object: { metadata: { ...metadata, annotations, managedFields: fields }, spec, status },
  });
}

describe('the line of a pod', () => {
  it('loses managedFields and spec, and nothing that is read', () => {
    const fields = [{ fieldsV1: { 'f:spec': { 'k:{"name":"a"}': {} }, 'f:status': {} }, note: NASTY }];
    const spec = {
      containers: [{ env: [{ name: 'X', value: NASTY }] }],
      volumes: [{ ephemeral: { spec: { a: 1 } } }],
    };
    const whole = line(fields, spec);
    const short = JSON.parse(trimmedPod(Buffer.from(whole)));
    expect(short.object.metadata.managedFields).toEqual([]);
    expect(short.object.spec).toEqual({});
    expect(readPod(short.object)).toEqual(readPod(JSON.parse(whole).object));
  });

  it.each([
    ['has no managedFields', JSON.stringify({ type: 'ADDED', object: aPod() })],
    ['is in another order', '{"object":{"status":{},"spec":{},"metadata":{"managedFields":[{}]}}}'],
    ['has spaces', '{"object": {"metadata": {"managedFields": [{}]}, "spec": {}, "status": {}}}'],
    ['is cut off', '{"object":{"metadata":{"managedFields":[{}]},"spec":{"a'],
    ['is none', ''],
  ])('that %s stays as it is', (_, text) => {
    expect(trimmedPod(Buffer.from(text))).toBe(text);
  });
});
