import type { Calendar } from '../calendar/calendar.ts';
import { formatDuration } from '../core/duration.ts';
import type { Policy } from '../core/policy.ts';

export interface MeasuredStarts {
  /** ms; null before five were measured. */
  readonly coldStartP95: number | null;
  readonly nodeP95?: number | null;
  readonly calendar: Calendar | null;
  /** KEDA's, ms; null while the ScaledObject is not known. */
  readonly cooldownPeriod: number | null;
}

/** Every delay that has to cover a cold start and is shorter than what was measured. */
export function coldStartWarnings(measured: MeasuredStarts, policy: Policy): readonly string[] {
  const { coldStartP95, nodeP95 = null } = measured;
  return [
    ...(coldStartP95 === null ? [] : againstStarts(coldStartP95, measured, policy)),
    ...(nodeP95 === null ? [] : againstNodes(nodeP95, policy)),
  ];
}

function againstStarts(p95: number, { calendar, cooldownPeriod }: MeasuredStarts, policy: Policy): string[] {
  const start = `a cold start (p95 ${shownP95(p95)})`;
  const warnings: string[] = [];
  if (p95 > policy.coldStart.max)
    warnings.push(
      `coldStart.max (${formatDuration(policy.coldStart.max)}) is shorter than ${start}: floors led in by auto come late`,
    );
  for (const { window, lead } of calendar?.fixedLeads ?? [])
    if (lead < p95)
      warnings.push(
        `the lead of window ${window} (${formatDuration(lead)}) is shorter than ${start}: its floor comes late`,
      );
  const { minReplicas, downscaleToZeroDelay: delay } = policy;
  if (minReplicas === 0 && cooldownPeriod !== null && delay + cooldownPeriod < p95)
    warnings.push(
      `downscaleToZeroDelay (${formatDuration(delay)}) and cooldownPeriod (${formatDuration(cooldownPeriod)}) are together shorter than ${start}: a fleet that wakes may be put to sleep before it serves`,
    );
  return warnings;
}

function againstNodes(p95: number, { provisionTimeout, buffer }: Policy): string[] {
  const wait = `waiting for a node takes (p95 ${shownP95(p95)})`;
  const warnings: string[] = [];
  if (provisionTimeout < p95)
    warnings.push(
      `provisionTimeout (${formatDuration(provisionTimeout)}) is shorter than ${wait}: rises stop too early`,
    );
  if (buffer !== null && buffer.lead !== null && buffer.lead < p95)
    warnings.push(
      `buffer.lead (${formatDuration(buffer.lead)}) is shorter than ${wait}: pause pods come late`,
    );
  return warnings;
}

function shownP95(ms: number): string {
  return Number.isFinite(ms) ? formatDuration(ms) : 'over 30m';
}
