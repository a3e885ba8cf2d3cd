import type { ReplicaFacts } from '../core/sample.ts';
import type { PodTarget } from './http.ts';

/** How the demo wants the real scaler started. */
export interface StartScalerOptions {
  /** Path of bellwether.yaml; listen addresses in it end in port 0 or the port the user asked for. */
  readonly configFile: string;
  /**
   * virtual: nothing turns but by `turn(at)`, and no instant is read from the machine's clock.
   * real: the loop turns by itself, as under `serve`; `turn` is not called.
   */
  readonly clock: 'virtual' | 'real';
  /**
   * With direct scrape: the pods that exist now, asked again before every reading, in place of `scrape.targets`. A pod that
   * leaves the list is gone (its `up` is), not missing.
   */
  readonly targets?: () => readonly PodTarget[];
  /** With direct scrape: what Kubernetes would say of the Deployment in a namespace. */
  readonly replicas?: (namespace: string) => ReplicaFacts | undefined;
}

/** The real scaler, serving. */
export interface RunningScaler {
  /** `host:port` of the gRPC server. */
  readonly grpcAddress: string;
  /** `http://host:port` of the explain page. */
  readonly httpAddress: string;
  /** Virtual clock only: reads all targets and decides all fleets at the grid instant `at`; resolves when the Snapshot is out. */
  turn(at: number): Promise<void>;
  /** Stops everything; idempotent. */
  close(): Promise<void>;
}

export type StartScaler = (options: StartScalerOptions) => Promise<RunningScaler>;
