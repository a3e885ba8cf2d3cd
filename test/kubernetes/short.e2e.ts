import { describe } from 'vitest';
import { bell, calendarFiles, early } from './scenarios/calendar.ts';
import { blinded, killed } from './scenarios/faults.ts';
import { landing, landingFiles } from './scenarios/landing.ts';
import { suite } from './scenarios/suite.ts';
import { wake } from './scenarios/wake.ts';

const scenario = suite('2.21', { ...landingFiles, ...calendarFiles });

describe.concurrent('beside the real KEDA 2.21, HPA and scheduler, in short', () => {
  bell(scenario);
  landing(scenario, ['within-the-band']);
  blinded(scenario, 60);
  killed(scenario);
  early(scenario);
  wake(scenario);
});
