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

/** `bounds` of a warm calendar, and reading ten thousand calendars, from text to something that can be asked. */
export async function benchCalendar(): Promise<BenchResult> {
  const names = ['us-equities', 'us-futures', 'hkex'];
  const texts = await Promise.all(
    names.map((name) => readFile(new URL(`../calendars/${name}.yaml`, import.meta.url), 'utf8')),
  );
  const rows = texts.map((text, index) => boundsRow(names[index] ?? '', compiled(text)));
  return {
    name: 'calendar',
    how: `bounds: ${CALLS} instants within ${DAYS} days and ${LEADS.length} leads, ${BOUNDS_RUNS} runs; load: ${CALENDARS} calendars, text to calendar, ${LOAD_RUNS} runs`,
    rows: [
      ...rows,
      loadRow('of a session and a window', 0, MOST_LOAD_S),
      loadRow('of ten dated rows, two windows', 10, null),
    ],
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

/** A desk's own calendar: its hours and a floor; with dated rows, a second window. */
function deskCalendar(index: number, length: number): string {
  const dated = Array.from({ length }, (_, row) => {
    const date = new Date(Date.UTC(2026, 0, 5 + row * 7 + (index % 4))).toISOString().slice(0, 10);
    return `  - {date: ${date}, name: holiday ${row}, source: "desk ${index}"}`;
  });
  return `calendar: desk-${index}
timezone: America/New_York
sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
windows:
  - {name: market-hours, on: regular, from: open-30m, floor: 2}
${length === 0 ? '' : `  - {name: nights, outside: regular, ceiling: 2}\nholidays:\n${dated.join('\n')}\n`}`;
}

function loadRow(what: string, rows: number, most: number | null): Row {
  const texts = Array.from({ length: CALENDARS }, (_, index) => deskCalendar(index, rows));
  const run = (): number => {
    const start = performance.now();
    const calendars = texts.map(compiled);
    const seconds = (performance.now() - start) / 1_000;
    if (calendars.length !== CALENDARS) throw new Error('each calendar must be read');
    return seconds;
  };
  const value = spreadOf(Array.from({ length: LOAD_RUNS }, run));
  return {
    what: `load ${CALENDARS} ${what}`,
    unit: 's',
    value,
    ...(most === null ? {} : { target: `<= ${most}`, reached: value.median <= most }),
  };
}
