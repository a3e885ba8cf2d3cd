import { Control } from '../../src/control/control.ts';
import type { Scaler } from '../../src/control/scaler.ts';
import { aRevision, ScriptedSource, silent } from '../../test/support/control.ts';
import { aSample } from '../../test/support/decision.ts';

/** The real control behind the benched server, turned once; its policy lets every fleet come to 2 replicas. */
export async function benchScaler(): Promise<Scaler> {
  const control = new Control({
    revision: aRevision({ default: { minReplicas: 2, maxReplicas: 2 } }),
    source: new ScriptedSource((_fleet, at) => aSample(at, { running: 5, ready: 2 })),
    log: silent,
    now: Date.now,
  });
  await control.turn(Math.floor(Date.now() / 5_000) * 5_000);
  return control;
}
