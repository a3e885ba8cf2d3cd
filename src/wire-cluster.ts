import type { Logger } from 'pino';
import type { BellwetherConfig } from './config/bellwether-schema.ts';
import { isOurs } from './config/scaled-object.ts';
import type { TriggerRef } from './control/scaler.ts';
import type { ColdStart } from './core/cold-start.ts';
import type { FleetId } from './core/fleet.ts';
import { createKubeApi } from './ingest/kubernetes/api.ts';
import { type Cluster, createCluster } from './ingest/kubernetes/cluster.ts';
import {
  type Credentials,
  inClusterCredentials,
  kubeconfigCredentials,
} from './ingest/kubernetes/credentials.ts';
import type { ScaledObject } from './ingest/kubernetes/scaled-object.ts';

export interface ClusterWiring {
  readonly config: BellwetherConfig;
  readonly log: Logger;
  readonly now: () => number;
  /** Triggers of ours as KEDA would send them. */
  readonly onTrigger: (ref: TriggerRef) => void;
  readonly onColdStart: (fleet: FleetId, key: string, start: ColdStart) => void;
}

/** The cluster that a configuration asks for; null where there is none, or none that can be reached: the log says why. */
export async function wireCluster(wiring: ClusterWiring): Promise<Cluster | null> {
  const { config, log, now } = wiring;
  const credentials = await credentialsFor(wiring);
  if (credentials === null) return null;
  const { namespaces } = config.kubernetes;
  log.info({ origin: credentials.origin, server: credentials.server, namespaces }, 'watching the cluster');
  return createCluster({
    api: createKubeApi(credentials),
    origin: credentials.origin,
    namespaces,
    now,
    random: Math.random,
    isOurs: (object) => triggersOf(object).length > 0,
    onScaledObject(object, gone) {
      if (!gone) for (const ref of triggersOf(object)) wiring.onTrigger(ref);
    },
    onColdStart: wiring.onColdStart,
    onState(subject, { fresh, why }) {
      if (why !== null) log.warn({ subject, why }, 'a watch of the cluster does without');
      else if (fresh) log.info({ subject }, 'a watch of the cluster is up to date');
    },
  });
}

async function credentialsFor({ config, log, now }: ClusterWiring): Promise<Credentials | null> {
  const { enabled, kubeconfig } = config.kubernetes;
  if (enabled === 'false') return null;
  if (kubeconfig === undefined) {
    const inCluster = inClusterCredentials(process.env);
    if (inCluster !== null || enabled === 'auto') return inCluster;
  }
  try {
    return await kubeconfigCredentials(kubeconfig, now);
  } catch (reason) {
    log.error({ err: reason, kubeconfig }, 'the cluster cannot be watched: its kubeconfig cannot be used');
    return null;
  }
}

/**
 * Triggers of ours whose fleet is known from them alone: where KEDA fills in a value from an environment variable,
 * the fleet is known when KEDA asks.
 */
export function triggersOf({ namespace, name, triggers }: ScaledObject): readonly TriggerRef[] {
  return triggers
    .filter((trigger) => isOurs({ ...trigger }))
    .filter(({ metadata }) => !Object.keys(metadata).some((key) => key.endsWith('FromEnv')))
    .map(({ metadata }) => ({ namespace, name, metadata }));
}
