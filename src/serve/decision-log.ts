import type { Logger } from 'pino';
import { type FleetId, fleetKey } from '../core/fleet.ts';
import type { HoldReason } from '../core/signal.ts';
import type { DecisionRecord } from '../decision/record.ts';

interface Said {
  readonly replicas: number | null;
  readonly held: HoldReason | null;
}

/** Writes the log's account of what was decided. */
export interface DecisionLog {
  /** The records of a new Snapshot. */
  observe(records: readonly DecisionRecord[]): void;
}

/**
 * One INFO line for each decision that changes the replicas asked for or the hold, with its reason in one sentence, and
 * none for the many that change nothing. A fleet's first line has `from: null`; one that left is forgotten.
 */
export function createDecisionLog(log: Logger): DecisionLog {
  let said: ReadonlyMap<string, Said> = new Map();
  const keys = new WeakMap<FleetId, string>();

  function keyOf(id: FleetId): string {
    const key = keys.get(id) ?? fleetKey(id);
    keys.set(id, key);
    return key;
  }

  return {
    observe(records) {
      const next = new Map<string, Said>();
      for (const record of records) {
        const key = keyOf(record.fleet);
        const before = said.get(key);
        const { replicas, held } = record;
        if (before?.replicas === replicas && before.held === held) {
          next.set(key, before);
          continue;
        }
        next.set(key, { replicas, held });
        write(log, record, before?.replicas ?? null);
      }
      said = next;
    },
  };
}

function write(log: Logger, record: DecisionRecord, from: number | null): void {
  const { namespace, name: scaledobject, role, model } = record.fleet;
  const { replicas: to, held, mode, reason } = record;
  const advisory = mode === 'advisory' ? { mode } : {};
  log.info({ namespace, scaledobject, role, model, ...advisory, from, to, held, reason }, 'decision changed');
}
