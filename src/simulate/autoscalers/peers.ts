import { KEDA, KEDA_AVERAGE, kedaCronPeers } from './keda-peers.ts';
import type { CronWindow } from './keda-triggers.ts';
import { KNATIVE } from './knative.ts';
import type { Peer } from './peer.ts';
import { RAY_SERVE } from './ray-serve.ts';
import { STATIC } from './static-replicas.ts';
import { WVA } from './wva.ts';

/** Everybody who is compared with, in the order of tables; the cron triggers only where the load has hours. */
export function peersFor(cron: CronWindow | null): readonly Peer[] {
  return [STATIC, KEDA, KEDA_AVERAGE, ...(cron ? kedaCronPeers(cron) : []), RAY_SERVE, KNATIVE, WVA];
}
