import type { PolicyFields } from './policy.ts';

export type Role = 'replicas' | 'buffer';

/** Who a fleet is (law 8). Everything else that a trigger says is configuration: the newest wins, the state stays. */
export interface FleetId {
  readonly namespace: string;
  /** The ScaledObject's name. */
  readonly name: string;
  readonly role: Role;
  /** vLLM's `model_name`; for a buffer the model is that of the fleet it serves, or '' when its trigger names none. */
  readonly model: string;
  readonly matchLabels: Readonly<Record<string, string>>;
}

/** A fleet and what its trigger (or the `fleets` list of bellwether.yaml) says of it. */
export interface FleetConfig {
  readonly id: FleetId;
  /** Name of the policy; undefined means the configuration's default. */
  readonly policy: string | undefined;
  /** Name of the calendar, overriding the policy's. */
  readonly calendar: string | undefined;
  /** Policy fields that the metadata overrides. */
  readonly overrides: PolicyFields;
  readonly scaleTarget: ScaleTarget | undefined;
  /** Buffer only: the ScaledObject of the GPU fleet whose pods the buffer makes room for. */
  readonly bufferOf: string | undefined;
  readonly advisoryAnswer: 'zero' | undefined;
}

/** What KEDA scales: `deployment/NAME` and its like, kind in lower case. */
export interface ScaleTarget {
  readonly kind: string;
  readonly name: string;
}

/**
 * One string for each identity, usable as a map key; the parts cannot run into each other. Joined, since what JSON.stringify gives
 * stays in pieces, each an object: of 10,000 fleets megabytes.
 */
export function fleetKey(id: FleetId): string {
  const labels = Object.entries(id.matchLabels).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [id.namespace, id.name, id.role, id.model, labels].map((part) => JSON.stringify(part));
  return ['[', parts.join(','), ']'].join('');
}
