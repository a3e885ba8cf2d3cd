import { expect, it, onTestFinished } from 'vitest';
import { Control } from '../../src/control/control.ts';
import { ScalerError } from '../../src/core/scaler-error.ts';
import { createPrometheusSource } from '../../src/ingest/prometheus-source.ts';
import { aRevision, silent } from '../support/control.ts';
import { aCalendar } from '../support/decision.ts';
import { fourPods } from '../support/fault-world.ts';
import { startTinyPrometheus } from '../support/tiny-prometheus.ts';

const STEP = 5_000;
const MINUTE = 60_000;

it('is away for an hour: nothing falls, a floor rises, and two readings after it the load decides again', async () => {
  const tiny = await startTinyPrometheus(fourPods());
  // Not before now, by which the server stamps its answers.
  const start = Math.ceil(Date.now() / STEP) * STEP;
  let now = start;
  const floorFrom = start + 30 * MINUTE;
  const floorUntil = start + 40 * MINUTE;
  const source = createPrometheusSource({
    url: tiny.url,
    timeout: 2_000,
    settle: 0,
    staleAfter: 20_000,
    now: () => now,
    random: () => 0.5,
  });
  const control = new Control({
    revision: aRevision(
      {
        default: {
          maxReplicas: 20,
          targetOngoingRequests: 10,
          lookBackPeriod: 10_000,
          upscaleDelay: 0,
          downscaleDelay: 15_000,
          calendar: 'floors',
        },
      },
      {
        config: { historyLimit: '0' },
        calendars: { floors: aCalendar((at) => ({ floor: at >= floorFrom && at < floorUntil ? 6 : 1 })) },
      },
    ),
    source,
    log: silent,
    now: () => now,
  });
  onTestFinished(async () => {
    control.close();
    await source.close();
    await tiny.stop();
  });
  const fleet = control.resolve({ namespace: 'llm', name: 'vllm', metadata: { model: 'mistral' } });
  if (fleet instanceof ScalerError) throw fleet;
  const turn = async (): Promise<number | null> => {
    now += STEP;
    await control.turn(now);
    return control.answer(fleet).replicas;
  };

  for (let cycle = 0; cycle < 4; cycle++) await turn();
  expect(control.answer(fleet).replicas).toBe(4);

  await tiny.refuse();
  const told: (number | null)[] = [];
  while (now < start + 60 * MINUTE) {
    told.push(await turn());
    expect((await control.explained(fleet)).reason).toContain('refused the connection');
  }
  const floorAt = told.indexOf(6);
  expect(new Set(told.slice(0, floorAt))).toEqual(new Set([4]));
  expect(told.length - floorAt).toBe((start + 60 * MINUTE - floorFrom) / STEP + 1);
  // The floor ended twenty minutes ago, and nobody knows whether six are needed.
  expect(new Set(told.slice(floorAt))).toEqual(new Set([6]));

  await tiny.listen();
  const requests = tiny.load.requests;
  await turn();
  await turn();
  const { reason } = await control.explained(fleet);
  expect(reason).not.toContain('held');
  expect(tiny.load.requests - requests).toBeLessThanOrEqual(2 * 8);
  for (let cycle = 0; cycle < 6; cycle++) await turn();
  expect(control.answer(fleet).replicas).toBe(4);
}, 60_000);
