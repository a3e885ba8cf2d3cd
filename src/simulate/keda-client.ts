import { type Client, credentials, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import type {
  GetMetricSpecResponse,
  GetMetricsRequest,
  GetMetricsResponse,
  IsActiveResponse,
  ScaledObjectRef,
} from '../serve/grpc/messages.ts';
import { loadExternalScaler } from '../serve/grpc/proto.ts';

/** The unary calls that KEDA makes. */
export interface ExternalScalerClient {
  getMetricSpec(ref: ScaledObjectRef): Promise<GetMetricSpecResponse>;
  getMetrics(request: GetMetricsRequest): Promise<GetMetricsResponse>;
  isActive(ref: ScaledObjectRef): Promise<IsActiveResponse>;
  close(): void;
}

type Unary = (request: unknown, callback: (error: ServiceError | null, answer: unknown) => void) => void;

/** A real gRPC connection, in the clear and without a deadline, as KEDA's default is. */
export function connectExternalScaler(address: string): ExternalScalerClient {
  const Constructor = makeGenericClientConstructor(loadExternalScaler(), 'ExternalScaler');
  const client: Client & Record<string, unknown> = new Constructor(address, credentials.createInsecure());
  const call = <T>(method: string, request: unknown): Promise<T> =>
    new Promise((resolve, reject) => {
      const unary = (client[method] as Unary).bind(client);
      unary(request, (error, answer) => (error ? reject(error) : resolve(answer as T)));
    });
  return {
    getMetricSpec: (ref) => call('GetMetricSpec', ref),
    getMetrics: (request) => call('GetMetrics', request),
    isActive: (ref) => call('IsActive', ref),
    close: () => client.close(),
  };
}
