import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { parse, parseDocument } from 'yaml';
import type { Calendar } from '../calendar/calendar.ts';
import { suggest } from '../calendar/suggest/suggest.ts';
import { type SuggestedYaml, suggestionYaml } from '../calendar/suggest/suggest-yaml.ts';
import { openZone } from '../calendar/wall-time.ts';
import { loadCalendarFile } from '../config/load-calendar.ts';
import { parseInstant } from '../core/instant.ts';
import { formatProblem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { wholeArgument } from './arguments.ts';
import { example, reported } from './calendar-arguments.ts';
import { loadHistory, type SuggestSource } from './calendar-suggest-source.ts';
import type { Io } from './io.ts';

interface SuggestFlags extends SuggestSource {
  readonly calendar?: string;
  readonly timezone: string;
  readonly name: string;
  readonly perReplica?: number;
  readonly shortage: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** `bellwether calendar suggest`: windows that history speaks for, as a calendar file for a pull request. */
export function suggestCommand(io: Io): Command {
  return new Command('suggest')
    .description(
      'a calendar that past traffic suggests, each window with its evidence, for a person to review',
    )
    .option('--trace <file>', 'requests as CSV or CSV.gz with a column arrival_s')
    .option('--start <time>', 'when the trace began: ISO 8601 with Z or an offset', timeArgument)
    .option('--prometheus <url>', "read vLLM's counters from Prometheus instead")
    .option('--namespace <name>', 'with --prometheus: namespace of the fleet')
    .option('--model <name>', 'with --prometheus: model_name of the fleet')
    .option('--days <n>', 'with --prometheus: days of history, 1 to 90', wholeArgument(1, 90), 28)
    .option(
      '--calendar <file>',
      'market calendar: its sessions carry the windows, its holidays are told apart',
    )
    .option('--timezone <zone>', 'IANA zone of the wall clock, without --calendar', zoneArgument, 'UTC')
    .option('--per-replica <n>', 'requests per second that one replica carries', numberArgument)
    .option('--shortage <n>', 'what one replica too few costs, in replicas too many', numberArgument, 10)
    .option('--min-replicas <n>', 'replicas that are there anyway', wholeArgument(1, 1_000), 1)
    .option('--max-replicas <n>', 'highest floor to suggest', wholeArgument(1, 10_000), 100)
    .option('--name <name>', 'name of the calendar', 'suggested')
    .addHelpText(
      'after',
      example(
        'suggest --trace week.csv.gz --start 2026-09-07T00:00:00Z --calendar us-equities.yaml --per-replica 1.2',
      ),
    )
    .action((flags: SuggestFlags) => reported(io, () => run(io, flags)));
}

async function run(io: Io, flags: SuggestFlags): Promise<void> {
  const market = await marketOf(io, flags.calendar);
  if (market === 'wrong') return;
  const history = await loadHistory(io, flags);
  if (history === null) return;
  const perReplica = flags.perReplica ?? history.perReplica;
  if (perReplica === null)
    throw new ScalerError('invalid', '--per-replica must be given: no busy replicas tell it in this history');
  const { shortage, minReplicas: base, maxReplicas: maxFloor, timezone } = flags;
  const suggestion = suggest(history.buckets, {
    perReplica,
    shortage,
    base,
    maxFloor,
    timezone,
    market: market?.calendar ?? null,
  });
  if (suggestion.firstDate === null) {
    io.err(`error: ${history.name}: must hold at least half a day of requests`);
    io.setExitCode(1);
    return;
  }
  const yaml = suggestionYaml(suggestion, { source: history.name, perReplica, shortage, base });
  io.out(market === null ? standalone(yaml, flags) : onMarket(yaml, market.text, flags.name));
}

/** The market calendar and its text; null without one; `wrong` when its problems were told. */
async function marketOf(
  io: Io,
  file: string | undefined,
): Promise<{ readonly calendar: Calendar; readonly text: string } | null | 'wrong'> {
  if (file === undefined) return null;
  const loaded = await loadCalendarFile(file);
  if ('calendar' in loaded) return { calendar: loaded.calendar, text: await readFile(file, 'utf8') };
  for (const problem of loaded.problems) io.err(formatProblem(problem));
  io.setExitCode(1);
  return 'wrong';
}

/** A suggestion as a calendar of its own. */
export function standalone(
  { head, sessions, windows }: SuggestedYaml,
  { name, timezone }: { readonly name: string; readonly timezone: string },
): string {
  return [
    ...head.map((line) => `# ${line}`),
    `calendar: ${name}`,
    `timezone: ${timezone}`,
    ...(sessions.length === 0 ? [] : ['', 'sessions:', ...sessions]),
    '',
    ...windowsText(windows),
  ].join('\n');
}

/** The market's file with its own comments, under another name and with these windows in place of its own. */
export function onMarket({ head, sessions, windows }: SuggestedYaml, text: string, name: string): string {
  const document = parseDocument(text);
  document.set('calendar', name);
  document.delete('windows');
  const own = parse(sessions.join('\n')) as Record<string, unknown> | null;
  for (const [session, hours] of Object.entries(own ?? {})) document.setIn(['sessions', session], hours);
  const rest = String(document).trimEnd();
  return [...head.map((line) => `# ${line}`), rest, '', ...windowsText(windows)].join('\n');
}

function windowsText(windows: readonly string[]): readonly string[] {
  return windows.length === 0 ? ['windows: []'] : ['windows:', ...windows];
}

function timeArgument(text: string): number {
  const at = parseInstant(text);
  if (at !== undefined && at >= 0) return at;
  throw new InvalidArgumentError('It must be ISO 8601 with Z or an offset, or Unix seconds.');
}

function zoneArgument(text: string): string {
  if (openZone(text) !== undefined) return text;
  throw new InvalidArgumentError('It must be an IANA time zone such as America/New_York.');
}

function numberArgument(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 1e6) return value;
  throw new InvalidArgumentError('It must be a number greater than 0.');
}
