import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Command } from 'commander';
import type { Calendar } from '../calendar/calendar.ts';
import type { DayRange } from '../calendar/civil-date.ts';
import { picturePage, pictureSvg } from '../calendar/picture/picture.ts';
import { weeksToCheck } from '../calendar/picture/weeks-to-check.ts';
import { preview } from '../calendar/preview.ts';
import { openZone, type Zone } from '../calendar/wall-time.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { checkRange, dateArgument, example, leadArgument, withCalendar } from './calendar-arguments.ts';
import type { Io } from './io.ts';

const MAX_PREVIEW_DAYS = 400;

interface PreviewFlags {
  readonly from?: string;
  readonly to?: string;
  readonly lead: number;
  readonly out?: string;
}

/** `bellwether calendar preview FILE`: the hours a person would check, on the terminal or as a picture. */
export function previewCommand(io: Io): Command {
  return new Command('preview')
    .description("the hours a person would check before merging: table and chart in the calendar's zone")
    .argument('<file>', 'calendar file')
    .option('--from <date>', 'first date, YYYY-MM-DD', dateArgument)
    .option('--to <date>', 'last date, YYYY-MM-DD', dateArgument)
    .option('--lead <duration>', 'what `lead: auto` stands for', leadArgument, 0)
    .option('--out <file>', 'write a picture instead, .html or .svg, that needs no other file')
    .addHelpText('after', example('preview calendars/us-equities.yaml --from 2026-11-23 --to 2026-11-29'))
    .addHelpText(
      'after',
      '\nWithout --from and --to: this week, and each week to come in which something is dated or the clocks change.',
    )
    .action((file: string, flags: PreviewFlags) =>
      withCalendar(io, file, async (calendar) => {
        const zone = openZone(calendar.timezone);
        if (!zone) throw new ScalerError('internal', `no rules for the zone ${calendar.timezone}`);
        const ranges = rangesOf(flags, calendar, zone);
        const shown = { calendar, zone, autoLeadMs: flags.lead };
        if (flags.out === undefined)
          io.out(ranges.map((range) => preview({ ...shown, range })).join('\n\n\n'));
        else await write(flags.out, { ...shown, ranges });
      }),
    );
}

function rangesOf({ from, to }: PreviewFlags, calendar: Calendar, zone: Zone): readonly DayRange[] {
  if (from === undefined && to === undefined)
    return weeksToCheck(calendar, zone, zone.wallClock(Date.now()).day);
  if (from === undefined || to === undefined)
    throw new ScalerError('invalid', `--${from === undefined ? 'from' : 'to'} must be given too`);
  const range = checkRange({ from, to });
  if (range.to - range.from < MAX_PREVIEW_DAYS) return [range];
  throw new ScalerError('invalid', `--to must be within ${MAX_PREVIEW_DAYS} days of --from, was ${to}`);
}

async function write(out: string, input: Parameters<typeof pictureSvg>[0]): Promise<void> {
  const extension = extname(out).toLowerCase();
  if (extension !== '.html' && extension !== '.svg')
    throw new ScalerError('invalid', `--out must end in .html or .svg, was "${out}"`);
  const text = extension === '.svg' ? pictureSvg(input) : picturePage(input);
  await writeFile(out, text).catch((cause: NodeJS.ErrnoException) => {
    throw new ScalerError(
      'not-found',
      `--out must be a file that can be written, ${out} could not (${cause.code})`,
    );
  });
}
