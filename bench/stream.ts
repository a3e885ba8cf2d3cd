import { setMaxListeners } from 'node:events';
import { Control } from '../src/control/control.ts';
import { ScalerError } from '../src/core/scaler-error.ts';
import { startGrpcThread } from '../src/serve/grpc/thread/start.ts';
import { aRevision, ScriptedSource, silent } from '../test/support/control.ts';
import { aSample } from '../test/support/decision.ts';
import { aRef, KedaClient } from '../test/support/keda-client.ts';
import { type BenchResult, spreadOf } from './support/result.ts';

const ROUNDS = 25;
const FLEETS = 100;
const MOST_MS = 100;
const STEP = 5_000;

/** From the start of the evaluation that turns a fleet active to the message on its open StreamIsActive, at the client. */
export async function benchStream(): Promise<BenchResult> {
  const policy = {
    minReplicas: 0,
    maxReplicas: 4,
    lookBackPeriod: 0,
    downscaleDelay: 0,
    downscaleToZeroDelay: 0,
  };
  let busy = false;
  let now = 1_790_000_000_000;
  const source = new ScriptedSource((fleet, at) =>
    aSample(at, { running: busy && fleet.id.name === 'vllm-0' ? 5 : 0, ready: busy ? 0 : 1 }),
  );
  const control = new Control({
    revision: aRevision({ default: policy }),
    source,
    log: silent,
    now: () => now,
  });
  const server = await startGrpcThread({ scaler: control, address: '127.0.0.1:0', log: silent });
  const keda = new KedaClient(server.address);
  const stop = new AbortController();
  setMaxListeners(FLEETS, stop.signal);
  let heard = (_active: boolean): void => {};
  try {
    for (let fleet = 0; fleet < FLEETS; fleet++) {
      const ref = aRef(`vllm-${fleet}`, { model: 'm' });
      const handle = control.resolve({
        namespace: ref.namespace,
        name: ref.name,
        metadata: ref.scalerMetadata,
      });
      if (handle instanceof ScalerError) throw handle;
      await control.settled(handle);
      void keda.followActivity(ref, {
        onMessage: ({ result }) => {
          if (fleet === 0) heard(result);
        },
        sleep: async () => {},
        signal: stop.signal,
      });
    }
    const turn = async (load: boolean): Promise<void> => {
      busy = load;
      now += STEP;
      await control.turn(now);
    };
    await turn(false);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const active = new Promise<void>((resolve) => {
        heard = (result) => {
          if (result) resolve();
        };
      });
      const started = performance.now();
      await turn(true);
      await active;
      times.push(performance.now() - started);
      heard = () => {};
      await turn(false);
      await turn(false);
    }
    const value = spreadOf(times);
    return {
      name: 'stream',
      how: `${ROUNDS} times from nothing to one replica, ${FLEETS} fleets each with an open stream, real gRPC on loopback, the source answering at once`,
      rows: [
        {
          what: 'evaluation to message on StreamIsActive',
          unit: 'ms',
          value,
          target: `<= ${MOST_MS}`,
          reached: value.median <= MOST_MS,
        },
      ],
    };
  } finally {
    stop.abort();
    keda.close();
    await server.drain();
    control.close();
  }
}
