import type { CheckReport } from '../config/check.ts';
import { clusterProblems } from '../config/check-cluster.ts';
import type { Known } from '../config/metadata.ts';
import { createKubeApi } from '../ingest/kubernetes/api.ts';
import { inClusterCredentials, kubeconfigCredentials } from '../ingest/kubernetes/credentials.ts';
import { type Inventory, readInventory } from '../ingest/kubernetes/inventory.ts';

export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly namespace?: string;
}

/** The live half of a check: its problems, or why there is no cluster to ask. */
export type LiveReport = Pick<CheckReport, 'problems'> & { readonly inventory: Inventory };

const TIMEOUT = 60_000;

/** Asks the API server once, and holds what it says against the rules. Never rejects. */
export async function checkCluster(
  { kubeconfig, namespace }: ClusterFlags,
  known: Known,
): Promise<LiveReport | { readonly fault: string }> {
  try {
    const inside = kubeconfig === undefined ? inClusterCredentials(process.env) : null;
    const api = createKubeApi(inside ?? (await kubeconfigCredentials(kubeconfig, Date.now)));
    try {
      const read = await readInventory(api, namespace, AbortSignal.timeout(TIMEOUT));
      if ('ok' in read) return { fault: `the API server ${read.error} for scaledobjects` };
      const { kubernetes, keda } = read;
      return {
        inventory: read,
        problems: clusterProblems(read.objects, { known, versions: { kubernetes, keda } }),
      };
    } finally {
      await api.close();
    }
  } catch (reason) {
    return { fault: `no cluster can be asked: ${reason instanceof Error ? reason.message : String(reason)}` };
  }
}
