/** Engine steps in a row in which the same sequences decode. The i-th step (from 1) takes fixedMs + growthMs x i. */
export interface Phase {
  readonly startedAt: number;
  readonly steps: number;
  /** Sequences that get a token in each step. */
  readonly decoding: number;
  readonly fixedMs: number;
  /** What one more token of each decoding sequence adds to the next step. */
  readonly growthMs: number;
}

/** Duration of the first `steps` steps, ms. */
export function phaseMs({ fixedMs, growthMs }: Phase, steps: number): number {
  return steps * fixedMs + (growthMs * steps * (steps + 1)) / 2;
}

/** Steps that have ended by the instant `at`, not limited by the phase's own count. */
export function stepsWithin(phase: Phase, at: number): number {
  const elapsed = at - phase.startedAt;
  if (elapsed <= 0) return 0;
  const linear = phase.fixedMs + phase.growthMs / 2;
  let steps =
    phase.growthMs === 0
      ? Math.floor(elapsed / linear)
      : Math.floor((Math.sqrt(linear ** 2 + 2 * phase.growthMs * elapsed) - linear) / phase.growthMs);
  // The closed form may be one off at a step's very end.
  while (phaseMs(phase, steps + 1) <= elapsed) steps++;
  while (steps > 0 && phaseMs(phase, steps) > elapsed) steps--;
  return steps;
}
