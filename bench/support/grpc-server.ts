/** `grpc-server.ts echo|bellwether`: a server for bench/grpc.ts; prints its address. */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { createLog } from '../../src/log.ts';
import type { GetMetricsRequest, GetMetricsResponse } from '../../src/serve/grpc/messages.ts';
import { loadExternalScaler } from '../../src/serve/grpc/proto.ts';
import { startGrpcThread } from '../../src/serve/grpc/thread/start.ts';
import { createMetrics } from '../../src/serve/metrics.ts';
import { benchScaler } from './bench-scaler.ts';

/** The least that grpc-js can do with this proto: the asked name back with a constant, nothing looked up or counted. */
function echo(): Promise<string> {
  const server = new Server();
  server.addService(loadExternalScaler(), {
    GetMetrics(
      call: ServerUnaryCall<GetMetricsRequest, GetMetricsResponse>,
      callback: sendUnaryData<GetMetricsResponse>,
    ) {
      callback(null, {
        metricValues: [{ metricName: call.request.metricName, metricValue: 2, metricValueFloat: 2 }],
      });
    },
  });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(`127.0.0.1:${port}`);
    });
  });
}

async function bellwether(): Promise<string> {
  const metrics = createMetrics();
  const { address } = await startGrpcThread({
    scaler: await benchScaler(),
    address: '127.0.0.1:0',
    log: createLog({ level: 'warn' }),
    onCalls: metrics.grpcCalls,
  });
  return address;
}

process.stdin.resume().once('close', () => process.exit());
console.log(await (process.argv[2] === 'echo' ? echo() : bellwether()));
