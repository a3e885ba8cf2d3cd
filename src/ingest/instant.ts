import { growth } from './growth.ts';
import { knownOf, type Memory, type MissingByModel, type Reported, remember, report } from './memory.ts';
import { indexKube, type KubeIndex } from './replica-facts.ts';
import { finish } from './slices.ts';
import type { Tables } from './tables.ts';
import { type Rows, readRows } from './vllm-rows.ts';

/** One instant, indexed: what every fleet's sample is folded from, also of fleets that nobody knew when it was read. */
export interface Instant {
  readonly at: number;
  readonly tables: Tables;
  readonly staleAfter: number;
  readonly rows: Rows;
  readonly missing: MissingByModel;
  /** Of each engine's counters (growth.ts); null where nothing is counted. */
  readonly increases: Float64Array | null;
  readonly kube: KubeIndex;
}

interface Next {
  readonly instant: Instant;
  readonly memory: Memory;
}

/** Indexes a cycle's tables and carries the memory on. Pure: what was read live and what is read back fold alike. */
export function nextInstant(memory: Memory, tables: Tables, staleAfter: number): Next {
  return finish(instantSteps(memory, tables, staleAfter));
}

function* instantSteps(memory: Memory, tables: Tables, staleAfter: number): Generator<void, Next> {
  return yield* indexSteps(memory, tables, yield* reportSteps(memory, tables, staleAfter), staleAfter);
}

/** The half of it that needs no `up`, in steps of about a millisecond: what engines say, and which pods do so no longer. */
export function* reportSteps(memory: Memory, tables: Tables, staleAfter: number): Generator<void, Reported> {
  const rows = yield* readRows(tables, memory.last?.layout ?? null);
  const known = yield* knownOf(memory, rows.layout.roster);
  const fresh = (engine: number): boolean => isFresh(rows, engine, tables.evaluatedAt, staleAfter);
  const reported = yield* report(memory, rows, known, fresh);
  return { ...reported, increases: yield* growth(memory, rows, known) };
}

/** The other half. */
export function* indexSteps(
  memory: Memory,
  tables: Tables,
  reported: Reported,
  staleAfter: number,
): Generator<void, Next> {
  const { increases, last: rows } = reported;
  const { memory: after, missing } = yield* remember(memory, reported, tables);
  const kube = yield* indexKube(tables, memory.kube);
  const instant = { at: tables.at, tables, staleAfter, rows, missing, increases, kube };
  return { instant, memory: { ...after, kube: kube.layout } };
}

/**
 * Whether the samples behind an engine's numbers are at most `staleAfter` old, by their own timestamps. From as far in the
 * future they are no better: then some clock is wrong, and their age unknown.
 */
export function isFresh(
  { observedAt }: Rows,
  engine: number,
  evaluatedAt: number,
  staleAfter: number,
): boolean {
  return Math.abs(evaluatedAt - (observedAt[engine] ?? Number.NaN)) <= staleAfter;
}
