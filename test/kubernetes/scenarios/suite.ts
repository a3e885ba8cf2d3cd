import { afterAll, beforeAll } from 'vitest';
import type { KedaVersion } from '../harness/components.ts';
import { recorder } from '../harness/recorder.ts';
import type { Scaler } from '../harness/scaler.ts';
import { startWorld, type World } from '../harness/world.ts';
import type { Scenario } from './scenario.ts';

/** Starts a cluster before the tests of a file, with a scaler that has these files, and stops all of it after them. */
export function suite(keda: KedaVersion, files: Readonly<Record<string, string>>): Scenario {
  let world: World | undefined;
  let calm: Scaler | undefined;
  const recordings = recorder(`keda-${keda}`);
  beforeAll(async () => {
    world = await startWorld(keda);
    calm = await world.scaler({ name: 'calm', files });
  });
  afterAll(async () => {
    await recordings.write();
    await world?.stop();
  });
  return {
    world: () => given(world),
    calm: () => given(calm),
    record(name, fleet, marks) {
      // Whether it went is none of the tests' business.
      void recordings
        .record(name, fleet, marks)
        .then(() => fleet.remove?.())
        .catch(() => {});
    },
  };
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the world did not start');
  return value;
}
