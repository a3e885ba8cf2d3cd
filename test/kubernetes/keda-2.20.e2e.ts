import { describe } from 'vitest';
import { killed } from './scenarios/faults.ts';
import { landing, landingFiles } from './scenarios/landing.ts';
import { suite } from './scenarios/suite.ts';
import { wake } from './scenarios/wake.ts';

const scenario = suite('2.20', landingFiles);

describe.concurrent('beside the real KEDA 2.20, HPA and scheduler', () => {
  landing(scenario, ['to-and-fro']);
  wake(scenario);
  killed(scenario);
});
