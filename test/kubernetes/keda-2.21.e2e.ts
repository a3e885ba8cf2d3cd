import { afterAll, beforeAll, describe } from 'vitest';
import { recorder } from './harness/recorder.ts';
import type { Scaler } from './harness/scaler.ts';
import { startWorld, type World } from './harness/world.ts';
import { calendar, calendarFiles } from './scenarios/calendar.ts';
import { landing, landingFiles } from './scenarios/landing.ts';
import type { Scenario } from './scenarios/scenario.ts';

let world: World | undefined;
let calm: Scaler | undefined;
const recordings = recorder('keda-2.21');

beforeAll(async () => {
  world = await startWorld('2.21');
  calm = await world.scaler({ name: 'calm', files: { ...landingFiles, ...calendarFiles } });
});
afterAll(async () => {
  await recordings.write();
  await world?.stop();
});

const scenario: Scenario = {
  world: () => given(world),
  calm: () => given(calm),
  record: recordings.record,
};

describe.concurrent('on the real KEDA 2.21, HPA and scheduler', () => {
  landing(scenario);
  calendar(scenario);
});

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the world did not start');
  return value;
}
