import type { Calendar } from '../calendar/calendar.ts';
import { type PolicyFields, resolvePolicy } from '../core/policy.ts';
import { decide } from './decide.ts';
import type { Decision } from './record.ts';
import type { SampleRow } from './samples-csv.ts';
import { type DecisionState, EMPTY_STATE } from './state.ts';

export interface ReplayInput {
  readonly rows: readonly SampleRow[];
  readonly fields: PolicyFields;
  readonly calendar: Calendar | null;
  /** What was last asked for before the first row; undefined: initialReplicas, or minReplicas. */
  readonly start: number | undefined;
}

export interface ReplayedRow {
  readonly time: string | number;
  readonly decision: Decision;
}

/**
 * Recorded samples through decide(), one evaluation a row at the row's time. What was last asked for is the replay's
 * own previous answer; the history before the first row counts as seen, so there is no start hold.
 */
export function* replay({ rows, fields, calendar, start }: ReplayInput): Generator<ReplayedRow> {
  const policy = resolvePolicy(fields);
  let state: DecisionState = {
    ...EMPTY_STATE,
    target: start ?? policy.initialReplicas ?? policy.minReplicas,
    seenSince: Number.MIN_SAFE_INTEGER,
  };
  const samples = rows.map(({ sample }) => sample);
  let first = 0;
  for (const [index, { time, sample }] of rows.entries()) {
    // One sample before the window stays in it: growth of counters is measured from there. Overrides may look further.
    const start = sample.at - Math.max(policy.lookBackPeriod, LONGEST_LOOK_BACK);
    while ((samples[first + 1]?.at ?? Number.POSITIVE_INFINITY) <= start && first < index) first++;
    const input = {
      at: sample.at,
      fields,
      calendar,
      samples: samples.slice(first, index + 1),
      coldStartP95: null,
      evaluationInterval: 5_000,
    };
    const outcome = decide(input, state);
    state = outcome.state;
    yield { time, decision: outcome.decision };
  }
}

const LONGEST_LOOK_BACK = 3_600_000;

/** A line of `replay --json`. */
export function replayJson({ time, decision }: ReplayedRow): object {
  return {
    time,
    replicas: decision.replicas,
    buffer: decision.buffer,
    held: decision.held !== null,
    steps: decision.steps.map(({ step, in: before, out, reason }) => ({ step, in: before, out, reason })),
  };
}
