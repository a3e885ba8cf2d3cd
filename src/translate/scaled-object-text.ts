import { yamlText } from './yaml-text.ts';

export interface ScaledObjectParts {
  readonly name: string;
  readonly namespace: string;
  readonly target: string;
  readonly kind?: string;
  readonly policy: string;
  readonly model: string;
  readonly scalerAddress: string;
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** A ScaledObject that lets the HPA go where Bellwether says, at once and exactly: every delay is the policy's. */
export function scaledObjectText(parts: ScaledObjectParts): string {
  const { minReplicas, maxReplicas } = parts;
  const kind =
    parts.kind === undefined || parts.kind === 'Deployment' ? '' : `, kind: ${yamlText(parts.kind)}`;
  // Where zero is allowed KEDA's own wait comes on top of the policy's, and errors must not end in zero.
  const zero = minReplicas === 0 ? '  cooldownPeriod: 30\n' : '';
  return `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: ${yamlText(parts.name)}
  namespace: ${yamlText(parts.namespace)}
spec:
  scaleTargetRef: {name: ${yamlText(parts.target)}${kind}}
  pollingInterval: 5
${zero}  minReplicaCount: ${minReplicas}
  maxReplicaCount: ${maxReplicas}
  fallback: {failureThreshold: 3, replicas: ${Math.max(1, minReplicas)}, behavior: currentReplicasIfHigher}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleUp:
          stabilizationWindowSeconds: 0
          tolerance: "0"
          policies: [{type: Pods, value: 100, periodSeconds: 15}]
        scaleDown:
          stabilizationWindowSeconds: 30
          tolerance: "0"
          policies: [{type: Percent, value: 100, periodSeconds: 15}]
  triggers:
    - type: external-push
      metricType: AverageValue
      metadata:
        scalerAddress: ${yamlText(parts.scalerAddress)}
        model: ${JSON.stringify(parts.model)}
        policy: ${JSON.stringify(parts.policy)}
`;
}
