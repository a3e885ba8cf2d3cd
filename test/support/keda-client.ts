import {
  type ChannelCredentials,
  type ClientOptions,
  type ClientReadableStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { ServiceClient } from '@grpc/grpc-js/build/src/make-client.js';
import type {
  GetMetricSpecResponse,
  GetMetricsResponse,
  IsActiveResponse,
  ScaledObjectRef,
} from '../../src/serve/grpc/messages.ts';
import { loadExternalScaler, SERVICE_NAME } from '../../src/serve/grpc/proto.ts';

/** A trigger as KEDA sends it. */
export function aRef(
  name = 'vllm',
  metadata: Record<string, string> = {},
  namespace = 'llm',
): ScaledObjectRef {
  return { name, namespace, scalerMetadata: { scalerAddress: 'bellwether:6000', model: 'm', ...metadata } };
}

/** What KEDA takes from one evaluation of a trigger. */
export interface Evaluation {
  /** Value of each HPA metric, by its name with prefix (`s0-bellwether-replicas`). */
  readonly values: ReadonlyMap<string, number>;
  readonly active: boolean;
}

/** Waits `ms` unless aborted; tests inject one that only takes note. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export interface StreamEvents<Message> {
  readonly onMessage: (message: Message) => void;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
}

const FIRST_BACK_OFF = 2_000;
const LONGEST_BACK_OFF = 60_000;

type Unary = (
  request: unknown,
  metadata: Metadata,
  options: { deadline?: number },
  callback: (error: ServiceError | null, response: never) => void,
) => void;

/**
 * KEDA's side of the external scaler as its 2.20 and 2.21 behave: one channel for all ScaledObjects, round robin, no
 * keepalive, no deadline of its own, one immediate retry.
 */
export class KedaClient {
  readonly #client: ServiceClient;

  constructor(
    address: string,
    creds: ChannelCredentials = credentials.createInsecure(),
    options: ClientOptions = {},
  ) {
    const Client = makeGenericClientConstructor(loadExternalScaler(), SERVICE_NAME);
    this.#client = new Client(address, creds, {
      'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
      // Its own connection, so that tests do not meet on one.
      'grpc.use_local_subchannel_pool': 1,
      ...options,
    });
  }

  close(): void {
    this.#client.close();
  }

  getMetricSpec(ref: unknown): Promise<GetMetricSpecResponse> {
    return this.call('GetMetricSpec', ref);
  }

  getMetrics(
    ref: unknown,
    metricName = 'bellwether-replicas',
    timeoutMs?: number,
  ): Promise<GetMetricsResponse> {
    return this.call('GetMetrics', { scaledObjectRef: ref, metricName }, timeoutMs);
  }

  isActive(ref: unknown): Promise<IsActiveResponse> {
    return this.call('IsActive', ref);
  }

  call<Response>(method: string, request: unknown, timeoutMs?: number): Promise<Response> {
    const unary = this.#client[method] as Unary | undefined;
    if (!unary) throw new Error(`the proto has no ${method}`);
    const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    return new Promise((resolve, reject) => {
      unary.call(this.#client, request, new Metadata(), options, (error, response) => {
        if (error) reject(error);
        else resolve(response);
      });
    });
  }

  stream<Message>(
    method: 'StreamIsActive' | 'StreamMetricSpec',
    ref: unknown,
  ): ClientReadableStream<Message> {
    const open = this.#client[method] as (request: unknown) => ClientReadableStream<Message>;
    return open.call(this.#client, ref);
  }

  /** GetMetricSpec, then for each spec GetMetrics and IsActive, in this order, each failure retried once and at once. */
  async evaluate(ref: ScaledObjectRef, triggerIndex = 0): Promise<Evaluation> {
    const { metricSpecs } = await retriedOnce(() => this.#specs(ref));
    const values = new Map<string, number>();
    let active = false;
    for (const { metricName } of metricSpecs) {
      const hpaName = `s${triggerIndex}-${metricName}`;
      const read = await retriedOnce(() => this.#metricsAndActivity(ref, hpaName));
      values.set(hpaName, read.value);
      active ||= read.active;
    }
    return { values, active };
  }

  async #specs(ref: ScaledObjectRef): Promise<GetMetricSpecResponse> {
    const response = await this.getMetricSpec(ref);
    if (response.metricSpecs.length === 0) throw new Error('no metric specs returned');
    return response;
  }

  async #metricsAndActivity(
    ref: ScaledObjectRef,
    hpaName: string,
  ): Promise<{ value: number; active: boolean }> {
    const { metricValues } = await this.getMetrics(ref, hpaName.replace(/^s\d+-/, ''));
    const { result } = await this.isActive(ref);
    // Every value counts as the metric asked for, and the HPA adds them up.
    const value = metricValues.reduce((sum, each) => sum + asKedaReads(each), 0);
    return { value, active: result };
  }

  /** StreamIsActive in KEDA's retry loop; returns once aborted. */
  followActivity(ref: ScaledObjectRef, events: StreamEvents<IsActiveResponse>): Promise<void> {
    return this.#follow('StreamIsActive', ref, events, ({ code }) => (code === status.OK ? 'reset' : 'grow'));
  }

  /** StreamMetricSpec as KEDA 2.21 does: UNIMPLEMENTED ends it for good, any message resets the back-off. */
  followSpecs(ref: ScaledObjectRef, events: StreamEvents<GetMetricSpecResponse>): Promise<void> {
    return this.#follow('StreamMetricSpec', ref, events, ({ code, messages }) => {
      if (code === status.UNIMPLEMENTED) return 'stop';
      return code === status.OK || messages > 0 ? 'reset' : 'grow';
    });
  }

  async #follow<Message>(
    method: 'StreamIsActive' | 'StreamMetricSpec',
    ref: ScaledObjectRef,
    { onMessage, sleep, signal }: StreamEvents<Message>,
    after: (end: { code: status; messages: number }) => 'reset' | 'grow' | 'stop',
  ): Promise<void> {
    let backOff = FIRST_BACK_OFF;
    while (!signal.aborted) {
      const end = await this.#once(method, ref, onMessage, signal);
      const verdict = after(end);
      if (verdict === 'stop' || signal.aborted) return;
      if (verdict === 'reset') backOff = FIRST_BACK_OFF;
      await sleep(backOff, signal);
      backOff = Math.min(LONGEST_BACK_OFF, backOff * 2);
    }
  }

  #once<Message>(
    method: 'StreamIsActive' | 'StreamMetricSpec',
    ref: ScaledObjectRef,
    onMessage: (message: Message) => void,
    signal: AbortSignal,
  ): Promise<{ code: status; messages: number }> {
    const stream = this.stream<Message>(method, ref);
    let messages = 0;
    const cancel = () => stream.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    stream.on('data', (message: Message) => {
      messages += 1;
      onMessage(message);
    });
    stream.on('error', () => {});
    return new Promise((resolve) => {
      stream.on('status', ({ code }: { code: status }) => {
        signal.removeEventListener('abort', cancel);
        resolve({ code, messages });
      });
    });
  }
}

/** The float where it is above 0, else the integer; what is no number or below 0 becomes a silent 0; milli precision. */
function asKedaReads({ metricValue, metricValueFloat }: GetMetricsResponse['metricValues'][number]): number {
  const value = metricValueFloat > 0 ? metricValueFloat : metricValue;
  return Number.isFinite(value) && value >= 0 ? Math.round(value * 1000) / 1000 : 0;
}

async function retriedOnce<Result>(attempt: () => Promise<Result>): Promise<Result> {
  try {
    return await attempt();
  } catch {
    return attempt();
  }
}
