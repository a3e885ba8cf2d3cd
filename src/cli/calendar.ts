import { Command, InvalidArgumentError } from 'commander';
import type { Bounds, Calendar, Session, Transition } from '../calendar/calendar.ts';
import { table } from '../calendar/table.ts';
import { formatInstant, parseInstant } from '../core/instant.ts';
import { didYouMean } from '../core/nearest.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { writtenPolicy } from '../core/written-policy.ts';
import { wholeArgument } from './arguments.ts';
import {
  checkRange,
  dateArgument,
  example,
  leadArgument,
  type RangeFlags,
  withCalendar,
} from './calendar-arguments.ts';
import { diffCommand } from './calendar-diff.ts';
import { previewCommand } from './calendar-preview.ts';
import { suggestCommand } from './calendar-suggest.ts';
import { testCommand } from './calendar-test.ts';
import type { Io } from './io.ts';

/** `bellwether calendar sessions|bounds|next|preview|diff|test|suggest`: what a calendar says, without a scaler. */
export function calendarCommand(io: Io): Command {
  return new Command('calendar')
    .description('what a calendar asks for, when it changes, and what an edit of it changes')
    .addCommand(sessionsCommand(io))
    .addCommand(boundsCommand(io))
    .addCommand(nextCommand(io))
    .addCommand(previewCommand(io))
    .addCommand(diffCommand(io))
    .addCommand(testCommand(io))
    .addCommand(suggestCommand(io));
}

function sessionsCommand(io: Io): Command {
  return new Command('sessions')
    .description('the sessions dated from --from to --to, both inclusive, ordered by open')
    .argument('<file>', 'calendar file')
    .option('--session <name>', 'only this session')
    .requiredOption('--from <date>', 'first date, YYYY-MM-DD', dateArgument)
    .requiredOption('--to <date>', 'last date, YYYY-MM-DD', dateArgument)
    .option('--json', 'one JSON array')
    .addHelpText('after', example('sessions calendars/us-equities.yaml --from 2026-11-23 --to 2026-11-27'))
    .action((file: string, flags: RangeFlags & { session?: string; json?: true }) =>
      withCalendar(io, file, (calendar) => {
        checkRange(flags);
        checkSession(calendar, flags.session);
        const sessions = calendar.sessions(flags.from, flags.to, flags.session);
        io.out(flags.json ? JSON.stringify(sessions.map(sessionJson), null, 2) : sessionTable(sessions));
      }),
    );
}

interface AtFlags {
  readonly at: number;
  readonly lead: number;
  readonly json?: true;
}

function boundsCommand(io: Io): Command {
  return new Command('bounds')
    .description('floor, ceiling and policy overrides at one instant')
    .argument('<file>', 'calendar file')
    .requiredOption('--at <time>', 'ISO 8601 with Z or an offset, or Unix seconds', timeArgument)
    .option('--lead <duration>', 'what `lead: auto` stands for', leadArgument, 0)
    .option('--json', 'one JSON object')
    .addHelpText('after', example('bounds calendars/us-equities.yaml --at 2026-11-27T13:58:00Z --lead 5m'))
    .action((file: string, { at, lead, json }: AtFlags) =>
      withCalendar(io, file, (calendar) => {
        const bounds = boundsJson(at, calendar.boundsAt(at, lead));
        io.out(json ? JSON.stringify(bounds, null, 2) : boundsText(bounds));
      }),
    );
}

function nextCommand(io: Io): Command {
  return new Command('next')
    .description('the next instants at which floor, ceiling, policy or windows change')
    .argument('<file>', 'calendar file')
    .requiredOption('--at <time>', 'ISO 8601 with Z or an offset, or Unix seconds', timeArgument)
    .option('--lead <duration>', 'what `lead: auto` stands for', leadArgument, 0)
    .option('--count <n>', 'how many, 1 to 1000', wholeArgument(1, 1_000), 5)
    .option('--json', 'one JSON array')
    .addHelpText('after', example('next calendars/us-equities.yaml --at 2026-11-26T00:00:00Z --count 3'))
    .action((file: string, { at, lead, count, json }: AtFlags & { count: number }) =>
      withCalendar(io, file, (calendar) => {
        const transitions = calendar.next(at, lead, count);
        io.out(
          json ? JSON.stringify(transitions.map(transitionJson), null, 2) : transitionTable(transitions),
        );
      }),
    );
}

function checkSession({ sessionNames }: Calendar, name: string | undefined): void {
  if (name === undefined || sessionNames.includes(name)) return;
  const hint = didYouMean(name, sessionNames) || ` (sessions: ${sessionNames.join(', ') || 'none'})`;
  throw new ScalerError('invalid', `--session must be a session of the calendar, was "${name}"${hint}`);
}

const LAST_INSTANT = Date.UTC(2200, 0, 1);

function timeArgument(text: string): number {
  const at = parseInstant(text);
  if (at !== undefined && at >= 0 && at < LAST_INSTANT) return at;
  throw new InvalidArgumentError(
    'It must be ISO 8601 with Z or an offset (2026-11-27T13:58:00Z), or Unix seconds, between 1970 and 2199.',
  );
}

/** ISO 8601 with Z, cut to seconds: part of what scripts rely on. */
function seconds(ms: number): string {
  return formatInstant(Math.floor(ms / 1000) * 1000);
}

function sessionJson({ session, date, intervals, name }: Session) {
  const times = intervals.map(({ open, close }) => ({ open: seconds(open), close: seconds(close) }));
  return { session, date, intervals: times, ...(name === undefined ? {} : { name }) };
}

function boundsJson(at: number, { floor, ceiling, policy, windows, covered }: Bounds) {
  return { at: seconds(at), floor, ceiling, policy: writtenPolicy(policy), windows, covered };
}

function transitionJson({ at, floor, ceiling, windows }: Transition) {
  return { at: seconds(at), floor, ceiling, windows };
}

function sessionTable(sessions: readonly Session[]): string {
  const rows = sessions.flatMap(({ session, date, intervals, name }) =>
    intervals.map(({ open, close }) => [date, session, seconds(open), seconds(close), name ?? '']),
  );
  return rows.length === 0 ? 'no sessions' : table([['date', 'session', 'open', 'close', 'note'], ...rows]);
}

function boundsText({ at, floor, ceiling, policy, windows, covered }: ReturnType<typeof boundsJson>): string {
  return table([
    ['at', at],
    ['floor', String(floor)],
    ['ceiling', ceiling === null ? 'none' : String(ceiling)],
    ['policy', Object.keys(policy).length === 0 ? 'no overrides' : JSON.stringify(policy)],
    ['windows', windows.join(', ') || 'none'],
    ['covered', covered ? 'yes' : 'no: dated rows are not known for this day, the weekly shape is assumed'],
  ]);
}

function transitionTable(transitions: readonly Transition[]): string {
  if (transitions.length === 0) return 'nothing changes any more';
  const rows = transitions.map(({ at, floor, ceiling, windows }) => [
    seconds(at),
    String(floor),
    ceiling === null ? '-' : String(ceiling),
    windows.join(', ') || '-',
  ]);
  return table([['at', 'floor', 'ceiling', 'windows'], ...rows]);
}
