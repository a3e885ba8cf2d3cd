import { describe } from 'vitest';
import { calendar, calendarFiles } from './scenarios/calendar.ts';
import { capacity, capacityFiles } from './scenarios/capacity.ts';
import { client } from './scenarios/client.ts';
import { blinded, killed } from './scenarios/faults.ts';
import { landing, landingFiles } from './scenarios/landing.ts';
import { manifests } from './scenarios/manifests.ts';
import { mtls } from './scenarios/mtls.ts';
import { outages } from './scenarios/outages.ts';
import { replicas } from './scenarios/replicas.ts';
import { suite } from './scenarios/suite.ts';
import { wake } from './scenarios/wake.ts';

const scenario = suite('2.21', { ...landingFiles, ...calendarFiles, ...capacityFiles });

describe.concurrent('beside the real KEDA 2.21, HPA and scheduler', () => {
  // Those that wait longest come first.
  blinded(scenario);
  calendar(scenario);
  landing(scenario);
  wake(scenario);
  killed(scenario);
  capacity(scenario);
  replicas(scenario);
  mtls(scenario);
  client(scenario);
  manifests(scenario);
});

describe('while what all of them need is away', () => {
  outages(scenario);
});
