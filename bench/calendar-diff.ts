import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { parseDate } from '../src/calendar/civil-date.ts';
import { diffText } from '../src/calendar/diff/text.ts';
import { diffDocuments } from '../src/config/diff-documents.ts';
import { readSide } from '../src/config/side-documents.ts';
import { type BenchResult, spreadOf } from './support/result.ts';

const RUNS = 15;
const MOST_MS = 300;
const NOW = Date.parse('2026-01-01T00:00:00Z');

/** A year of a shipped calendar against one whose every day is changed: read, compared and printed, nothing kept. */
export async function benchCalendarDiff(): Promise<BenchResult> {
  const path = 'calendars/us-futures.yaml';
  const text = await readFile(new URL(`../${path}`, import.meta.url), 'utf8');
  const changed = text.replace(/floor: (\d+)/, (_, floor) => `floor: ${Number(floor) + 1}`);
  if (changed === text) throw new Error(`${path} must have a floor to change`);
  const options = {
    from: parseDate('2026-01-01') ?? null,
    to: parseDate('2026-12-31') ?? null,
    now: NOW,
    autoLeadMs: 300_000,
    calendars: new Map(),
  };
  const compare = (): number => {
    const start = performance.now();
    const [before, after] = [readSide(path, { text }, NOW), readSide(path, { text: changed }, NOW)];
    const documents = diffDocuments([{ before, after }], options);
    const printed = diffText({ before: 'a', after: 'b', gpusPerReplica: 8, documents });
    const took = performance.now() - start;
    if (!printed.includes('replica-hours')) throw new Error('every day must differ');
    return took;
  };
  // The first of a process is what a person waits for; the compiler has seen nothing yet.
  const cold = compare();
  const warm = spreadOf(Array.from({ length: RUNS }, compare));
  const target = `<= ${MOST_MS}`;
  return {
    name: 'calendar-diff',
    how: `${path} against itself with another floor, 365 days: both read, compared and printed; ${RUNS} runs`,
    rows: [
      {
        what: 'a year, first in the process',
        unit: 'ms',
        value: { median: cold, low: cold, high: cold },
        target,
        reached: cold <= MOST_MS,
      },
      { what: 'a year, warm', unit: 'ms', value: warm, target, reached: warm.median <= MOST_MS },
    ],
  };
}
