/** What a step of decide() hands on: a number, its reason in one clause, and the numbers the reason rests on. */
export interface StepResult {
  readonly out: number | null;
  readonly reason: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** `1 replica`, `2 replicas`. */
export function replicas(count: number): string {
  return `${trim(count)} replica${count === 1 ? '' : 's'}`;
}

/** A number for a sentence: at most two decimals, no trailing zeros. */
export function trim(value: number): string {
  return String(Math.round(value * 100) / 100);
}
