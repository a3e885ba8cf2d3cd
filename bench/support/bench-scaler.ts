import { Control } from '../../src/control/control.ts';
import type { TriggerRef } from '../../src/control/scaler.ts';
import { ScalerError } from '../../src/core/scaler-error.ts';
import { aRevision, ScriptedSource, silent } from '../../test/support/control.ts';
import { aSample } from '../../test/support/decision.ts';

/** The trigger that bench/grpc.ts asks for, with metadata as people write it; it comes to 2 replicas. */
export const BENCH_TRIGGER: TriggerRef = {
  namespace: 'llm',
  name: 'vllm',
  metadata: {
    scalerAddress: 'bellwether.llm.svc:6000',
    model: 'llama-3-70b',
    policy: 'default',
    minReplicas: '2',
  },
};

/** The real control behind the benched server, with BENCH_TRIGGER decided. */
export async function benchScaler(): Promise<Control> {
  const control = new Control({
    revision: aRevision({ default: { minReplicas: 2, maxReplicas: 2 } }),
    source: new ScriptedSource((_fleet, at) => aSample(at, { running: 5, ready: 2 })),
    log: silent,
    now: Date.now,
  });
  const fleet = control.resolve(BENCH_TRIGGER);
  if (fleet instanceof ScalerError) throw fleet;
  await control.settled(fleet);
  await control.turn(Math.floor(Date.now() / 5_000) * 5_000);
  if (control.answer(fleet).replicas !== 2)
    throw new Error(`must come to 2: ${control.answer(fleet).reason}`);
  return control;
}
