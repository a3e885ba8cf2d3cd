import type { Foreknowledge, Setting } from './autoscalers/autoscaler.ts';
import type { Router } from './fleet.ts';
import { createPod } from './pod.ts';
import type { Trace } from './trace.ts';

/** Everything about a run but who scales. Two runs of the same scenario differ by their autoscaler alone. */
export interface Scenario extends Setting {
  readonly trace: Trace;
  /** Draws cold starts, loop phases and scrape phases. */
  readonly seed: string | number;
  /** A client without a first token hangs up after this long; Infinity: never. */
  readonly clientTimeoutMs: number;
  readonly gracePeriodMs: number;
  readonly router: Router;
  readonly gpusPerReplica: number;
}

/** What an oracle is told of a scenario. */
export function foreknowledgeOf(scenario: Scenario): Foreknowledge {
  const { seed, coldStart } = scenario;
  return {
    ...scenario,
    startOf(ordinal) {
      const cold = createPod(0, { seed, ordinal, coldStart, warm: false });
      return { node: cold.boundAt, start: cold.readyAt - cold.boundAt };
    },
  };
}
