import type { Logger } from 'pino';
import { fleetKey } from '../core/fleet.ts';
import { perObject } from '../core/per-object.ts';
import type { HoldReason } from '../core/signal.ts';
import type { DecisionLine } from '../decision/record.ts';
import { createSlicer } from '../ingest/slices.ts';

interface Said {
  readonly replicas: number | null;
  readonly held: HoldReason | null;
}

interface Change {
  readonly decision: DecisionLine;
  readonly from: number | null;
}

/** Decisions looked at, and lines written, between two looks at the clock. */
const LOOKS = 500;
const LINES = 50;

/** Writes the log's account of what was decided. */
export interface DecisionLog {
  /** The decisions of a new Snapshot; done when their lines are written. */
  observe(decisions: readonly DecisionLine[]): Promise<void>;
}

/**
 * One INFO line for each decision that changes the replicas asked for or the hold, with its reason in one sentence, and
 * none for the many that change nothing. A fleet's first line has `from: null`; one that left is forgotten.
 */
export function createDecisionLog(log: Logger): DecisionLog {
  const said = new Map<string, Said>();
  const keyOf = perObject(fleetKey);
  const slicer = createSlicer();

  function forgetOthers(keys: readonly string[]): void {
    const there = new Set(keys);
    for (const key of said.keys()) if (!there.has(key)) said.delete(key);
  }

  return {
    async observe(decisions) {
      const changed: Change[] = [];
      for (const [index, decision] of decisions.entries()) {
        if (index % LOOKS === LOOKS - 1) await slicer.pause();
        const key = keyOf(decision.fleet);
        const before = said.get(key);
        const { replicas, held } = decision;
        if (before !== undefined && before.replicas === replicas && before.held === held) continue;
        said.set(key, { replicas, held });
        changed.push({ decision, from: before?.replicas ?? null });
      }
      if (said.size > decisions.length) forgetOthers(decisions.map(({ fleet }) => keyOf(fleet)));
      for (const [index, { decision, from }] of changed.entries()) {
        // At a bell thousands may change at once.
        if (index % LINES === LINES - 1) await slicer.pause();
        write(log, decision, from);
      }
    },
  };
}

function write(log: Logger, record: DecisionLine, from: number | null): void {
  const { namespace, name: scaledobject, role, model } = record.fleet;
  const { replicas: to, held, mode, reason } = record;
  const advisory = mode === 'advisory' ? { mode } : {};
  log.info({ namespace, scaledobject, role, model, ...advisory, from, to, held, reason }, 'decision changed');
}
