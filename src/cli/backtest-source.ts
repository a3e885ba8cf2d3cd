import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Calendar } from '../calendar/calendar.ts';
import { formatProblem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import type { SourceNote } from '../simulate/backtest/report-document.ts';
import { finSight, finSightSpan } from '../simulate/finsight.ts';
import { scaleTrace } from '../simulate/scale-trace.ts';
import type { Trace } from '../simulate/trace.ts';
import { loadTrace } from '../simulate/trace-file.ts';
import { CHAT_TOKENS } from '../simulate/workload.ts';
import { fromPrometheus } from './backtest-prometheus.ts';
import type { Io } from './io.ts';

/** The requests of a backtest, and the span that they are spread over. */
export interface Source {
  readonly trace: Trace;
  readonly from: number;
  readonly to: number;
  readonly note: SourceNote;
}

export interface SourceFlags {
  readonly trace?: string;
  readonly prometheus?: string;
  readonly fleet?: string;
  readonly from?: number;
  readonly to?: number;
  readonly start?: number;
  readonly workload?: string;
  readonly days?: number;
  readonly date: string;
  readonly volume: number;
  readonly volatile: number;
  readonly seed: number;
}

const MINUTE_MS = 60_000;

/** The requests asked for; null after their errors were told. */
export async function loadSource(
  io: Io,
  flags: SourceFlags,
  { calendar, signal }: { readonly calendar: Calendar | null; readonly signal: AbortSignal },
): Promise<Source | null> {
  if (flags.trace !== undefined) return fromFile(io, flags.trace, flags);
  const { prometheus, fleet, from, to, seed } = flags;
  if (prometheus !== undefined) {
    if (fleet === undefined || from === undefined || to === undefined)
      throw new ScalerError(
        'invalid',
        '--prometheus needs --fleet NAMESPACE/NAME, --from TIME and --to TIME',
      );
    return fromPrometheus({ prometheus, fleet, from, to, seed }, signal);
  }
  if (calendar === null) throw new ScalerError('invalid', '--workload finsight needs a calendar');
  const options = { calendar, from: flags.date, days: flags.days ?? 12 };
  const trace = finSight({
    ...options,
    seed: flags.seed,
    volume: flags.volume,
    tokens: CHAT_TOKENS,
    volatileFactor: flags.volatile,
  });
  return {
    trace,
    ...finSightSpan(options),
    note: {
      kind: 'workload',
      name: `finsight, ${options.days} ${options.days === 1 ? 'day' : 'days'} from ${options.from}, volume ${flags.volume}, seed ${flags.seed}`,
      notes: ['Generated, not measured: docs/simulator.md says from what.'],
    },
  };
}

async function fromFile(io: Io, file: string, { start, volume, seed }: SourceFlags): Promise<Source | null> {
  // Monday 2026-01-05, unless somebody knows better: hours of the day mean something only if they are the trace's own.
  const from = start ?? Date.UTC(2026, 0, 5);
  const { trace: read, problems } = await loadTrace(file, from);
  for (const problem of problems) io.err(formatProblem(problem));
  if (read === null) return null;
  const trace = scaleTrace(read, volume, seed);
  const last = trace.arrivedAt[trace.length - 1] ?? from;
  return {
    trace,
    from,
    to: Math.ceil((last + 1) / MINUTE_MS) * MINUTE_MS,
    note: {
      kind: 'trace',
      name: basename(file),
      sha256: createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
      notes: [
        ...(start === undefined
          ? ['When it began was not given (--start); it is laid on 2026-01-05T00:00Z.']
          : []),
        ...(volume === 1
          ? []
          : [`Volume x ${volume}: copies of each request, moved by up to 2.5 minutes to either side.`]),
      ],
    },
  };
}
