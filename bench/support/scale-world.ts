import type { ScaledObjectRef } from '../../src/serve/grpc/messages.ts';

/** What bench/scale.ts decides: many fleets, in namespaces of a hundred, and what varies between them. */
export const SCALE = {
  fleets: 10_000,
  podsPerFleet: 2,
  namespaces: 100,
  models: 40,
  policies: 50,
  lookBacks: ['10s', '15s', '30s', '45s', '60s'],
  tenants: 200,
  calendars: 20,
} as const;

export interface ScaleFleet {
  readonly namespace: string;
  readonly name: string;
  readonly model: string;
  readonly tenant: string;
  readonly policy: string;
}

/** Fleet number `index`; model and tenant differ within a namespace, so that each fleet has its own pods. */
export function scaleFleet(index: number): ScaleFleet {
  const { namespaces, models, tenants, policies } = SCALE;
  return {
    namespace: `desk-${index % namespaces}`,
    name: `vllm-${index}`,
    model: `org/model-${index % models}-instruct`,
    tenant: `tenant-${Math.floor(index / namespaces) % tenants}`,
    policy: `policy-${index % policies}`,
  };
}

/** The trigger that registers a fleet. */
export function scaleRef(index: number): ScaledObjectRef {
  const { namespace, name, model, tenant, policy } = scaleFleet(index);
  const scalerMetadata = {
    scalerAddress: 'bellwether.bellwether.svc:6000',
    model,
    policy,
    matchLabels: `tenant=${tenant}`,
  };
  return { namespace, name, scalerMetadata };
}

/** The files of a configuration for these fleets, by name; `calendar` is the text of any calendar called `us-equities`. */
export function scaleFiles(prometheusUrl: string, calendar: string): Readonly<Record<string, string>> {
  const files: Record<string, string> = {
    'bellwether.yaml': [
      `prometheus: {url: "${prometheusUrl}"}`,
      'listen: {grpc: "127.0.0.1:0", http: "127.0.0.1:0"}',
      'policies: ["policy-*.yaml"]',
      'calendars: ["calendar-*.yaml"]',
      // What is measured is the cycle; how long 10,000 histories take to read back is another question.
      'historyLimit: "0"',
      '',
    ].join('\n'),
  };
  for (let index = 0; index < SCALE.calendars; index++) {
    files[`calendar-${index}.yaml`] = calendar.replace('calendar: us-equities', `calendar: desk-${index}`);
  }
  for (let index = 0; index < SCALE.policies; index++) {
    files[`policy-${index}.yaml`] = [
      `policy: policy-${index}`,
      'maxReplicas: 8',
      `targetOngoingRequests: ${8 + (index % 7)}`,
      `lookBackPeriod: ${SCALE.lookBacks[index % SCALE.lookBacks.length]}`,
      `calendar: desk-${index % SCALE.calendars}`,
      '',
    ].join('\n');
  }
  return files;
}
