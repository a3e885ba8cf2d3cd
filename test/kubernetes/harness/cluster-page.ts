import { type ExportedSeries, exposition } from '../../support/vllm-exporter.ts';
import type { Following, KubeObject } from './api.ts';

interface Status {
  readonly replicas?: number;
  readonly readyReplicas?: number;
}

/** As much of kube-state-metrics' page as the scaler reads, of what the API server says. */
export function clusterPage(deployments: Following, hpas: Following, pods: Following): string {
  return exposition([
    ...[...deployments.objects.values()].flatMap(ofDeployment),
    ...[...hpas.objects.values()].map(ofAutoscaler),
    ...[...pods.objects.values()].filter(isUnschedulable).map(ofPod),
  ]);
}

function ofDeployment(object: KubeObject): ExportedSeries[] {
  const labels = { namespace: object.metadata.namespace ?? '', deployment: object.metadata.name };
  const { replicas = 0, readyReplicas = 0 } = (object.status ?? {}) as Status;
  const spec = (object.spec as Status).replicas ?? 1;
  return [
    { name: 'kube_deployment_spec_replicas', labels, value: spec },
    { name: 'kube_deployment_status_replicas', labels, value: replicas },
    { name: 'kube_deployment_status_replicas_ready', labels, value: readyReplicas },
  ];
}

function ofAutoscaler({ metadata, spec }: KubeObject): ExportedSeries {
  const { kind, name } = (spec as { scaleTargetRef: { kind: string; name: string } }).scaleTargetRef;
  return {
    name: 'kube_horizontalpodautoscaler_info',
    labels: {
      namespace: metadata.namespace ?? '',
      horizontalpodautoscaler: metadata.name,
      scaletargetref_kind: kind,
      scaletargetref_name: name,
    },
    value: 1,
  };
}

function ofPod({ metadata }: KubeObject): ExportedSeries {
  const labels = { namespace: metadata.namespace ?? '', pod: metadata.name };
  return { name: 'kube_pod_status_unschedulable', labels, value: 1 };
}

function isUnschedulable({ status }: KubeObject): boolean {
  const { conditions = [] } = status as { conditions?: { type: string; status: string; reason?: string }[] };
  return conditions.some(
    (one) => one.type === 'PodScheduled' && one.status === 'False' && one.reason === 'Unschedulable',
  );
}
