import {
  type Increases,
  type Memory,
  type MissingByModel,
  type Reported,
  remember,
  report,
} from './memory.ts';
import { indexKube, type KubeIndex } from './replica-facts.ts';
import { finish } from './slices.ts';
import type { Tables } from './tables.ts';
import { type EngineRow, type RowsByModel, readRows } from './vllm-rows.ts';

/** One instant, indexed: what every fleet's sample is folded from, also of fleets that nobody knew when it was read. */
export interface Instant {
  readonly at: number;
  readonly tables: Tables;
  readonly staleAfter: number;
  readonly rows: RowsByModel;
  /** Those of the rows that count for nobody; mostly none. */
  readonly leftOut: RowsByModel;
  readonly missing: MissingByModel;
  readonly increases: Increases;
  readonly kube: KubeIndex;
  /** Rows of a model by the values of labels that fleets ask for, sorted when the first one asks. */
  readonly byLabels: Map<string, RowsByModel>;
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

/** An instant's rows, and who of those that reported before do so still. */
export interface ReportedRows {
  readonly rows: RowsByModel;
  readonly reported: Reported;
}

/** The half of it that needs no `up`, in steps of about a millisecond. */
export function* reportSteps(
  memory: Memory,
  tables: Tables,
  staleAfter: number,
): Generator<void, ReportedRows> {
  const rows = yield* readRows(tables);
  const fresh = (row: EngineRow): boolean => isFresh(row, tables.evaluatedAt, staleAfter);
  return { rows, reported: yield* report(memory, rows, tables.keys, fresh) };
}

/** The other half. */
export function* indexSteps(
  memory: Memory,
  tables: Tables,
  { rows, reported }: ReportedRows,
  staleAfter: number,
): Generator<void, Next> {
  const { increases } = reported;
  const { memory: after, missing } = yield* remember(memory, reported, tables);
  const kube = yield* indexKube(tables);
  const leftOut = leftOutOf(rows);
  const { at } = tables;
  const byLabels: Instant['byLabels'] = new Map();
  const instant = { at, tables, staleAfter, rows, leftOut, missing, increases, kube, byLabels };
  return { instant, memory: after };
}

function leftOutOf(rows: RowsByModel): RowsByModel {
  const found = new Map<string, EngineRow[]>();
  for (const [key, ofModel] of rows) {
    if (ofModel.some((row) => row.leftOut !== null))
      found.set(
        key,
        ofModel.filter((row) => row.leftOut !== null),
      );
  }
  return found;
}

/**
 * Whether the samples behind a row are at most `staleAfter` old, by their own timestamps. From as far in the future
 * they are no better: then some clock is wrong, and their age unknown.
 */
export function isFresh(row: EngineRow, evaluatedAt: number, staleAfter: number): boolean {
  return row.observedAt !== undefined && Math.abs(evaluatedAt - row.observedAt) <= staleAfter;
}
