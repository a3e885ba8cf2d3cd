import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import type { GetMetricsRequest, GetMetricsResponse } from '../src/serve/grpc/messages.ts';
import { loadExternalScaler, SERVICE_NAME } from '../src/serve/grpc/proto.ts';
import { BENCH_TRIGGER } from './support/bench-scaler.ts';
import { startChild } from './support/child.ts';
import { alternating, type BenchResult } from './support/result.ts';

const IN_FLIGHT = 32;
const PAIRS = 11;
const RUN_MS = 1_500;
const WARM_UP_MS = 2_000;
const LEAST_RATIO = 0.9;

const REQUEST: GetMetricsRequest = {
  scaledObjectRef: {
    name: BENCH_TRIGGER.name,
    namespace: BENCH_TRIGGER.namespace,
    scalerMetadata: BENCH_TRIGGER.metadata,
  },
  metricName: 'bellwether-replicas',
};

/** GetMetrics of the real server, and of a bare echo server with the same proto, each in a process of its own. */
export async function benchGrpc(): Promise<BenchResult> {
  const servers = await Promise.all([
    startChild('./grpc-server.ts', 'bellwether'),
    startChild('./grpc-server.ts', 'echo'),
  ]);
  const [ours, theirs] = servers.map(({ address }) => aCaller(address));
  if (!ours || !theirs) throw new Error('two servers were started');
  try {
    await ours.rate(WARM_UP_MS);
    await theirs.rate(WARM_UP_MS);
    const result = await alternating(
      PAIRS,
      () => ours.rate(RUN_MS),
      () => theirs.rate(RUN_MS),
    );
    return {
      name: 'grpc',
      how: `GetMetrics, ${IN_FLIGHT} in flight on one channel, ${PAIRS} alternating pairs of ${RUN_MS} ms runs, client and servers on this machine`,
      rows: [
        { what: 'GetMetrics, bellwether', unit: 'calls/s', value: result.ours },
        { what: 'GetMetrics, bare grpc-js echo', unit: 'calls/s', value: result.theirs },
        {
          what: 'ratio within a pair',
          unit: 'x',
          value: result.ratio,
          target: `>= ${LEAST_RATIO}`,
          reached: result.ratio.median >= LEAST_RATIO,
        },
      ],
    };
  } finally {
    ours.close();
    theirs.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

interface Caller {
  /** Calls a second over `ms`. */
  rate(ms: number): Promise<number>;
  close(): void;
}

function aCaller(address: string): Caller {
  const Client = makeGenericClientConstructor(loadExternalScaler(), SERVICE_NAME);
  const client = new Client(address, credentials.createInsecure());
  const getMetrics = client.GetMetrics as (
    request: GetMetricsRequest,
    callback: (error: Error | null, response: GetMetricsResponse) => void,
  ) => void;
  const call = () =>
    new Promise<void>((resolve, reject) => {
      getMetrics.call(client, REQUEST, (error, response) => {
        if (error) reject(error);
        else if (response.metricValues[0]?.metricValue !== 2) reject(new Error('the answer must be 2'));
        else resolve();
      });
    });
  return {
    async rate(ms) {
      const start = performance.now();
      let calls = 0;
      const worker = async () => {
        for (; performance.now() - start < ms; calls += 1) await call();
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
      return (calls / (performance.now() - start)) * 1000;
    },
    close: () => client.close(),
  };
}
