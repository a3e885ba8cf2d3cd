import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anAnswer, fakeScaler, UNKNOWN } from '../../support/fake-scaler.ts';
import { aWire } from '../../support/grpc-harness.ts';
import { aRef } from '../../support/keda-client.ts';

describe('GetMetricSpec', () => {
  it.each([
    { role: 'replicas', metricName: 'bellwether-replicas' },
    { role: 'buffer', metricName: 'bellwether-buffer' },
  ])(
    'offers one metric with target 1 for role $role, before there is any data',
    async ({ role, metricName }) => {
      const { keda, scaler } = await aWire({ scaler: fakeScaler(UNKNOWN) });
      const response = await keda.getMetricSpec(aRef('vllm', { role }));
      expect(response).toEqual({ metricSpecs: [{ metricName, targetSize: 1, targetSizeFloat: 1 }] });
      expect(scaler.waited).toBe(0);
    },
  );
});

describe('GetMetrics', () => {
  it.each([0, 1, 7, 100_000])('answers %i replicas as one value in both fields', async (replicas) => {
    const { keda, scaler } = await aWire();
    scaler.set('llm/vllm', { replicas });
    const { metricValues } = await keda.getMetrics(aRef());
    expect(metricValues).toEqual([
      { metricName: 'bellwether-replicas', metricValue: replicas, metricValueFloat: replicas },
    ]);
  });

  it('answers under the asked name where a caller kept the prefix of the trigger', async () => {
    const { keda } = await aWire();
    const { metricValues } = await keda.getMetrics(aRef(), 's12-bellwether-replicas');
    expect(metricValues.map(({ metricName }) => metricName)).toEqual(['s12-bellwether-replicas']);
  });

  it.each([
    '',
    'bellwether-buffer',
    'requests',
    'bellwether-replicas-2',
    'xs0-bellwether-replicas',
    's-bellwether-replicas',
  ])('refuses the metric name "%s", which is not that of the trigger', async (metricName) => {
    const { keda, calls } = await aWire();
    await expect(keda.getMetrics(aRef(), metricName)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(
        'metricName: must be "bellwether-replicas" for a trigger of role replicas, was ',
      ),
    });
    expect(calls).toEqual(['GetMetrics INVALID_ARGUMENT']);
  });

  it('is UNAVAILABLE with the reason while nothing is known, floor or no floor', async () => {
    const { keda } = await aWire({
      scaler: fakeScaler(anAnswer(null, 5, { floorAboveZero: true, reason: 'no data yet' })),
    });
    await expect(keda.getMetrics(aRef())).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: 'no data yet',
    });
  });

  it.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY])(
    'never sends %d: KEDA would make a zero of it',
    async (replicas) => {
      const { keda, lines } = await aWire({ scaler: fakeScaler(anAnswer(replicas)) });
      await expect(keda.getMetrics(aRef())).rejects.toMatchObject({ code: status.INTERNAL });
      expect(lines).toMatchObject([{ level: 'error', msg: 'call failed', method: 'GetMetrics' }]);
    },
  );

  it('waits for the first decision of a fleet it has not seen', async () => {
    const { keda, scaler } = await aWire({ scaler: fakeScaler(UNKNOWN) });
    scaler.settle(Promise.resolve(anAnswer(3, 5_000)));
    const { metricValues } = await keda.getMetrics(aRef());
    expect(metricValues[0]?.metricValue).toBe(3);
    expect(scaler.waited).toBe(1);
  });

  it('does not wait where the fleet was decided', async () => {
    const { keda, scaler } = await aWire();
    await keda.getMetrics(aRef());
    expect(scaler.waited).toBe(0);
  });

  it('stops waiting at its own limit, for KEDA sets none', async () => {
    const { keda, scaler } = await aWire({ scaler: fakeScaler(UNKNOWN), limits: { settleMs: 30 } });
    scaler.settle(new Promise(() => {}));
    await expect(keda.getMetrics(aRef())).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: 'no decision yet',
    });
  });

  it('answers DEADLINE_EXCEEDED at the deadline of the caller and counts the call as cancelled', async () => {
    const { keda, scaler, calls } = await aWire({ scaler: fakeScaler(UNKNOWN), limits: { settleMs: 120 } });
    scaler.settle(new Promise(() => {}));
    await expect(keda.getMetrics(aRef(), undefined, 40)).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    await expect.poll(() => calls).toEqual(['GetMetrics CANCELLED']);
  });
});

describe('IsActive', () => {
  it.each([
    { replicas: 0, floorAboveZero: true, result: false },
    { replicas: 1, floorAboveZero: false, result: true },
    { replicas: null, floorAboveZero: true, result: true },
  ])(
    'is $result for $replicas replicas with a floor above zero: $floorAboveZero',
    async ({ replicas, floorAboveZero, result }) => {
      const { keda } = await aWire({ scaler: fakeScaler(anAnswer(replicas, 5, { floorAboveZero })) });
      expect(await keda.isActive(aRef())).toEqual({ result });
    },
  );

  it('is the same UNAVAILABLE as GetMetrics while nothing is known and no floor says yes', async () => {
    const { keda } = await aWire({ scaler: fakeScaler(anAnswer(null, 5, { reason: 'no data yet' })) });
    await expect(keda.isActive(aRef())).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: 'no data yet',
    });
  });

  it('agrees with GetMetrics whatever the answer', async () => {
    const { keda, scaler } = await aWire();
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 50 }), async (replicas) => {
        scaler.set('llm/vllm', { replicas });
        const { values, active } = await keda.evaluate(aRef());
        expect(values).toEqual(new Map([['s0-bellwether-replicas', replicas]]));
        expect(active).toBe(replicas > 0);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a trigger that is wrong', () => {
  it.each([
    { what: 'no ref', ref: null, message: 'scaledObjectRef: must be given, was missing' },
    { what: 'an empty name', ref: aRef(''), message: 'name: must be a Kubernetes name' },
    {
      what: 'a quote in the namespace',
      ref: aRef('vllm', {}, 'a"} or {x="'),
      message: 'namespace: must be a Kubernetes name',
    },
    {
      what: 'a newline in the name',
      ref: aRef('a\nb'),
      message: 'name: must be a Kubernetes name (a-z, 0-9, "-", "."), was "a\\nb"',
    },
    {
      what: 'what control refuses',
      ref: aRef('vllm', { bad: 'must be x' }),
      message: 'metadata.bad: must be x',
    },
  ])('is INVALID_ARGUMENT with the reason: $what', async ({ ref, message }) => {
    const { keda } = await aWire();
    await expect(keda.getMetrics(ref)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(message),
    });
  });

  it('is FAILED_PRECONDITION where control refuses it in this state', async () => {
    const { keda } = await aWire();
    await expect(keda.isActive(aRef('vllm', { refused: 'yes' }))).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
    });
  });

  it('is told in one bounded line, whatever the metadata holds', async () => {
    const { keda } = await aWire();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 3_000 }), async (bad) => {
        const error = await keda.getMetricSpec(aRef('vllm', { bad })).then(
          () => undefined,
          (thrown: { code: number; details: string }) => thrown,
        );
        expect(error?.code).toBe(status.INVALID_ARGUMENT);
        expect(error?.details.length).toBeLessThanOrEqual(1_000);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
        expect(error?.details).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps what was thrown inside out of the answer, and in the log', async () => {
    const { keda, lines } = await aWire();
    await expect(keda.getMetrics(aRef('vllm', { throws: 'yes' }))).rejects.toMatchObject({
      code: status.INTERNAL,
      details: 'internal error; the log has the details',
    });
    expect(JSON.stringify(lines)).toContain('secret inside');
  });
});

it('passes the metadata on as KEDA sent it, with the namespace of the request', async () => {
  const { keda, scaler } = await aWire();
  await keda.getMetricSpec(aRef('vllm', { policy: 'p', Ünïcode: '…', __proto__x: '' }, 'team-a'));
  expect(scaler.resolved).toEqual([
    {
      namespace: 'team-a',
      name: 'vllm',
      metadata: { scalerAddress: 'bellwether:6000', model: 'm', policy: 'p', Ünïcode: '…', __proto__x: '' },
    },
  ]);
});

it('serves several ScaledObjects and triggers over the one channel that KEDA keeps for an address', async () => {
  const { keda, scaler } = await aWire();
  const names = Array.from({ length: 50 }, (_, index) => `fleet-${index}`);
  for (const [index, name] of names.entries()) scaler.set(`llm/${name}`, { replicas: index });
  const evaluations = await Promise.all(names.map((name, index) => keda.evaluate(aRef(name), index)));
  expect(evaluations.map(({ values }, index) => values.get(`s${index}-bellwether-replicas`))).toEqual([
    ...names.keys(),
  ]);
  const buffer = await keda.evaluate(aRef('fleet-7', { role: 'buffer' }), 1);
  expect(buffer).toEqual({ values: new Map([['s1-bellwether-buffer', 7]]), active: true });
});

it('counts every call with the name of its status', async () => {
  const { keda, calls } = await aWire();
  await keda.evaluate(aRef());
  expect(calls).toEqual(['GetMetricSpec OK', 'GetMetrics OK', 'IsActive OK']);
});
