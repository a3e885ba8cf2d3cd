import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { Calendar } from '../src/calendar/calendar.ts';
import { readCalendar } from '../src/config/load-calendar.ts';
import { parseYaml } from '../src/config/yaml.ts';
import { type BenchResult, type Row, spreadOf } from './support/result.ts';

const NOW = Date.parse('2026-07-01T12:00:00Z');
const MOST_BOUNDS_US = 5;
const MOST_LOAD_S = 3;

const BOUNDS_RUNS = 21;
const CALLS = 20_000;
const DAYS = 30;
/** One lead a fleet: what `auto` stands for differs from fleet to fleet. */
const LEADS = [60_000, 95_000, 180_000, 300_000];

const CALENDARS = 10_000;
const LOAD_RUNS = 3;

/** `bounds` of a warm calendar, and reading ten thousand calendars from text to something that can be asked. */
export async function benchCalendar(): Promise<BenchResult> {
  const names = ['us-equities', 'us-futures', 'hkex'];
  const texts = await Promise.all(
    names.map((name) => readFile(new URL(`../calendars/${name}.yaml`, import.meta.url), 'utf8')),
  );
  const rows = texts.map((text, index) => boundsRow(names[index] ?? '', compiled(text)));
  return {
    name: 'calendar',
    how: `bounds: ${CALLS} instants within ${DAYS} days and ${LEADS.length} leads, ${BOUNDS_RUNS} runs; load: ${CALENDARS} desk calendars of ten dated rows, text to calendar and first bounds, ${LOAD_RUNS} runs`,
    rows: [...rows, loadRow()],
  };
}

function compiled(text: string): Calendar {
  const { value } = readCalendar(parseYaml(text, 'bench.yaml').documents[0]?.value, NOW);
  if (!value) throw new Error('the calendar must be sound');
  return value;
}

function boundsRow(name: string, calendar: Calendar): Row {
  const instants = Array.from(
    { length: CALLS },
    (_, index) => NOW + ((index * 7_919) % (DAYS * 1_440)) * 60_000,
  );
  const run = (): number => {
    let sum = 0;
    const start = performance.now();
    for (const [index, at] of instants.entries())
      sum += calendar.boundsAt(at, LEADS[index % LEADS.length] ?? 0).floor;
    const micros = ((performance.now() - start) * 1_000) / CALLS;
    if (sum === 0) throw new Error('some instant must have a floor');
    return micros;
  };
  run();
  const value = spreadOf(Array.from({ length: BOUNDS_RUNS }, run));
  return {
    what: `bounds, ${name}, warm`,
    unit: 'us',
    value,
    target: `<= ${MOST_BOUNDS_US}`,
    reached: value.median <= MOST_BOUNDS_US,
  };
}

/** A desk's own calendar: a session, ten dated rows, two windows. */
function deskCalendar(index: number): string {
  const rows = Array.from({ length: 10 }, (_, row) => {
    const date = new Date(Date.UTC(2026, 0, 5 + row * 7 + (index % 4))).toISOString().slice(0, 10);
    return `  - {date: ${date}, name: holiday ${row}, source: "desk ${index}"}`;
  });
  return `calendar: desk-${index}
timezone: America/New_York
covers: {from: 2026-01-01, to: 2026-12-31}
sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
holidays:
${rows.join('\n')}
windows:
  - {name: market-hours, on: regular, from: open-30m, floor: 2, policy: {smoothingFactor: 1}}
  - {name: nights, outside: regular, ceiling: 2}
`;
}

function loadRow(): Row {
  const texts = Array.from({ length: CALENDARS }, (_, index) => deskCalendar(index));
  const run = (): number => {
    const start = performance.now();
    let asked = 0;
    for (const text of texts) asked += compiled(text).boundsAt(NOW, 0).ceiling === null ? 0 : 1;
    const seconds = (performance.now() - start) / 1_000;
    if (asked !== CALENDARS) throw new Error('each calendar must have a ceiling at night');
    return seconds;
  };
  const value = spreadOf(Array.from({ length: LOAD_RUNS }, run));
  return {
    what: `load ${CALENDARS} calendars`,
    unit: 's',
    value,
    target: `<= ${MOST_LOAD_S}`,
    reached: value.median <= MOST_LOAD_S,
  };
}
