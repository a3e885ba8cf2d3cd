import type { Policy } from '../core/policy.ts';
import { replicas, type StepResult } from './step-result.ts';

/** The HPA's default tolerance, for the warning; ScaledObjects that Bellwether ships set it to 0. */
const HPA_DEFAULT_TOLERANCE = 0.1;

/**
 * What an HPA with `tolerance` makes of `wanted` (AverageValue, target 1) at `current` status replicas: inside
 * [(1 - tolerance) current, (1 + tolerance) current], edges included, it stays at `current`; else it lands exactly.
 */
export function landsOn(wanted: number, current: number, tolerance: number): number {
  if (current <= 0) return wanted;
  const ratio = wanted / current;
  return 1 - tolerance <= ratio && ratio <= 1 + tolerance ? current : wanted;
}

/** Step 8: reports where the HPA lands, and with `landing.roundUp` lifts a rise out of the band that would swallow it. */
export function landingStep(
  wanted: number,
  current: number | null,
  policy: Policy,
): StepResult & { readonly out: number } {
  const { tolerance, roundUp } = policy.landing;
  const inputs = { current, tolerance };
  if (current === null || current === wanted)
    return { out: wanted, reason: 'the HPA has nothing to change', inputs };
  const lands = landsOn(wanted, current, tolerance);
  if (lands !== wanted && roundUp && wanted > current) {
    const out = outOfBand(wanted, current, tolerance);
    return {
      out,
      reason: `rounded up from ${wanted}, which the HPA's tolerance of ${tolerance} would ignore`,
      inputs,
    };
  }
  if (lands !== wanted) {
    return {
      out: wanted,
      reason: `the HPA's tolerance of ${tolerance} keeps ${replicas(current)} instead of ${wanted}`,
      inputs,
    };
  }
  const swallowed = tolerance === 0 && landsOn(wanted, current, HPA_DEFAULT_TOLERANCE) === current;
  const warning = swallowed
    ? ` if its tolerance is 0 (its default of ${HPA_DEFAULT_TOLERANCE} would keep ${current})`
    : '';
  return { out: wanted, reason: `the HPA goes from ${current} to ${wanted}${warning}`, inputs };
}

function outOfBand(wanted: number, current: number, tolerance: number): number {
  let out = wanted;
  while (landsOn(out, current, tolerance) === current) out++;
  return out;
}
