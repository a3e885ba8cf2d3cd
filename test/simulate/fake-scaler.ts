import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadExternalScaler } from '../../src/serve/grpc/proto.ts';
import type { RunningScaler, StartScalerOptions } from '../../src/simulate/scaler-under-demo.ts';

/** What the fake answers for a namespace; null is an error. */
export type Rule = (namespace: string, ongoing: number, at: number) => number | null;

interface Call {
  readonly request: {
    readonly namespace?: string;
    readonly scaledObjectRef?: { readonly namespace: string };
  };
}
type Reply = (error: { code: number; message: string } | null, answer?: object) => void;

/** A scaler on the real wire that scrapes the real /metrics and answers by `rule`; `calls` counts the RPCs by name. */
export async function startFakeScaler(
  rule: Rule,
  { targets = () => [] }: Pick<StartScalerOptions, 'targets'> = {},
): Promise<RunningScaler & { readonly calls: Record<string, number> }> {
  let at = 0;
  let ongoing = new Map<string, number>();
  const calls: Record<string, number> = {};
  const count = (name: string) => {
    calls[name] = (calls[name] ?? 0) + 1;
  };
  const answer = (namespace: string) => rule(namespace, ongoing.get(namespace) ?? 0, at);
  const server = new Server();
  server.addService(loadExternalScaler(), {
    getMetricSpec: (_call: Call, reply: Reply) => {
      count('GetMetricSpec');
      reply(null, {
        metricSpecs: [{ metricName: 'bellwether-replicas', targetSize: 1, targetSizeFloat: 1 }],
      });
    },
    getMetrics: ({ request }: Call, reply: Reply) => {
      count('GetMetrics');
      const replicas = answer(request.scaledObjectRef?.namespace ?? '');
      if (replicas === null) return reply({ code: 14, message: 'nothing is known' });
      reply(null, { metricValues: [{ metricName: 'bellwether-replicas', metricValueFloat: replicas }] });
    },
    isActive: ({ request }: Call, reply: Reply) => {
      count('IsActive');
      reply(null, { result: (answer(request.namespace ?? '') ?? 0) > 0 });
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    calls,
    grpcAddress: `127.0.0.1:${port}`,
    httpAddress: 'http://127.0.0.1:9',
    async turn(instant) {
      at = instant;
      const sums = new Map<string, number>();
      for (const { url, namespace } of targets()) {
        const response = await fetch(url);
        const text = await response.text();
        const values = [...text.matchAll(/^vllm:num_requests_(?:running|waiting)\{.*\} (\d+)$/gm)];
        for (const [, value] of values) sums.set(namespace, (sums.get(namespace) ?? 0) + Number(value));
      }
      ongoing = sums;
    },
    close: async () => server.forceShutdown(),
  };
}
