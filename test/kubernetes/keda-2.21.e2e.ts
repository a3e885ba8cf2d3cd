import { afterAll, beforeAll, describe } from 'vitest';
import { recorder } from './harness/recorder.ts';
import type { Scaler } from './harness/scaler.ts';
import { startWorld, type World } from './harness/world.ts';
import { calendar, calendarFiles } from './scenarios/calendar.ts';
import { capacity, capacityFiles } from './scenarios/capacity.ts';
import { client } from './scenarios/client.ts';
import { faults } from './scenarios/faults.ts';
import { landing, landingFiles } from './scenarios/landing.ts';
import { mtls } from './scenarios/mtls.ts';
import { outages } from './scenarios/outages.ts';
import { replicas } from './scenarios/replicas.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { wake } from './scenarios/wake.ts';

let world: World | undefined;
let calm: Scaler | undefined;
const recordings = recorder('keda-2.21');

beforeAll(async () => {
  world = await startWorld('2.21');
  calm = await world.scaler({ name: 'calm', files: { ...landingFiles, ...calendarFiles, ...capacityFiles } });
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
  capacity(scenario);
  wake(scenario);
  faults(scenario);
  replicas(scenario);
  mtls(scenario);
  client(scenario);
});

describe('when what all of them need is away', () => {
  outages(scenario);
});

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the world did not start');
  return value;
}
