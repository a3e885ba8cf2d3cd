import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import type { Calendar } from '../src/calendar/calendar.ts';
import { suggest } from '../src/calendar/suggest/suggest.ts';
import { suggestionYaml } from '../src/calendar/suggest/suggest-yaml.ts';
import { onMarket, standalone } from '../src/cli/calendar-suggest.ts';
import { loadCalendarFile } from '../src/config/load-calendar.ts';
import { formatProblem } from '../src/core/problem.ts';
import { ScalerError } from '../src/core/scaler-error.ts';
import { CALENDARS } from '../src/simulate/evaluate/field.ts';
import type { LoadedWorkload } from '../src/simulate/evaluate/load-workload.ts';
import type { Volume, Workload } from '../src/simulate/evaluate/workloads.ts';

/** Files of calendars by the name that policies ask for; threads read them again, since functions do not travel. */
export type CalendarFiles = Readonly<Record<string, string>>;

export function marketFile({ calendar }: Workload): string | null {
  return calendar === null ? null : fileURLToPath(new URL(`../calendars/${calendar}.yaml`, import.meta.url));
}

export async function loadCalendar(file: string): Promise<Calendar> {
  const loaded = await loadCalendarFile(file);
  if ('calendar' in loaded) return loaded.calendar;
  throw new ScalerError('invalid', loaded.problems.map(formatProblem).join('\n'));
}

export async function loadCalendars(files: CalendarFiles): Promise<Readonly<Record<string, Calendar>>> {
  const entries = Object.entries(files).map(
    async ([name, file]) => [name, await loadCalendar(file)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** What a suggestion is made of. */
interface Known {
  /** The market's. */
  readonly calendar: Calendar | null;
  readonly loaded: LoadedWorkload;
  readonly perReplica: number;
}

/** The market's calendar with its floors and without, and the one that history suggests, as files in `folder`. */
export async function writeCalendars(
  folder: string,
  workload: Workload,
  volume: Volume,
  known: Known,
): Promise<CalendarFiles> {
  const market = marketFile(workload);
  const text = market === null ? null : await readFile(market, 'utf8');
  const files: Record<string, string> = {};
  const write = async (name: string, yaml: string) => {
    files[name] = join(folder, `${workload.name}-${volume}-${name}.yaml`);
    await writeFile(files[name], yaml);
  };
  if (text !== null) {
    await write(CALENDARS.floor, text);
    const days = parseDocument(text);
    days.delete('windows');
    await write(CALENDARS.days, String(days));
  }
  if (workload.season) {
    await write(CALENDARS.suggested, suggestedYaml(workload, known, text));
  }
  return files;
}

/** `bellwether calendar suggest` with its defaults over what came before the scored span. */
function suggestedYaml(
  workload: Workload,
  { loaded: { history }, perReplica, calendar }: Known,
  market: string | null,
): string {
  const from = { source: workload.name, perReplica, shortage: 10, base: 1 };
  const yaml = suggestionYaml(
    suggest(history, {
      ...from,
      maxFloor: 100,
      timezone: 'UTC',
      market: calendar,
    }),
    from,
  );
  return market === null
    ? standalone(yaml, { name: 'suggested', timezone: 'UTC' })
    : onMarket(yaml, market, 'suggested');
}
