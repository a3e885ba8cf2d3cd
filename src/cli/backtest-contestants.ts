import type { Calendar } from '../calendar/calendar.ts';
import { loadPolicyFile } from '../config/load-policy.ts';
import { withPreset } from '../core/presets.ts';
import { formatProblem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { peersFor } from '../simulate/autoscalers/catalogue.ts';
import { loadTested } from '../simulate/autoscalers/sizing.ts';
import type { Contestant } from '../simulate/backtest/contestant.ts';
import type { Scenario } from '../simulate/scenario.ts';
import { PEER_NAMES } from './backtest-arguments.ts';
import { sweepOver } from './backtest-sweep.ts';
import type { Io } from './io.ts';

export interface ContestantFlags {
  readonly policy?: readonly string[];
  /** Left out: everybody, or beside a sweep nobody. */
  readonly peers?: readonly string[];
  readonly sweep?: readonly string[];
}

export interface Field {
  readonly scenario: Scenario;
  readonly calendar: Calendar | null;
}

type PolicyContestant = Extract<Contestant, { kind: 'policy' }>;

const PREFIX = 'bellwether ';
const RAY_LABEL = `${PREFIX}ray`;

/** Ours first, then the peers, then the oracle; null after a policy's errors were told. */
export async function chooseContestants(
  io: Io,
  { policy, sweep, ...flags }: ContestantFlags,
  { scenario, calendar }: Field,
): Promise<readonly Contestant[] | null> {
  const bases = policy === undefined ? presets(scenario) : await fromFiles(io, policy);
  if (bases === null) return null;
  const ours = sweep === undefined ? bases : swept(bases, sweep);
  const peers = flags.peers ?? (sweep === undefined ? PEER_NAMES : []);
  const known = peersFor(calendar, scenario).filter(({ name }) => peers.includes(name));
  return [
    ...ours,
    ...known.map(
      (peer): Contestant => ({
        kind: 'peer',
        label: peer.name,
        peer: peer.name,
        values: peer.defaults(scenario),
      }),
    ),
    ...(peers.includes('oracle') ? [{ kind: 'oracle', label: 'oracle' } as const] : []),
  ];
}

/** What somebody would try first: each preset with what a load test says of a replica, and the calendar if there is one. */
function presets({ profile }: Scenario): readonly PolicyContestant[] {
  const targetOngoingRequests = loadTested(profile).ongoing;
  return (['arrival-rate', 'ray'] as const).map((preset) => ({
    kind: 'policy',
    label: `${PREFIX}${preset}`,
    fields: withPreset(preset, { targetOngoingRequests }),
    calendar: true,
  }));
}

/** One base: the file's policy, or the preset `ray`, whose fields are those that people sweep. */
function swept(bases: readonly PolicyContestant[], sweep: readonly string[]): readonly Contestant[] {
  const base = bases.length === 1 ? bases[0] : bases.find(({ label }) => label === RAY_LABEL);
  if (base === undefined)
    throw new ScalerError('invalid', '--sweep varies one policy: give one --policy file');
  return sweepOver(base.fields, sweep);
}

async function fromFiles(io: Io, files: readonly string[]): Promise<readonly PolicyContestant[] | null> {
  const contestants: PolicyContestant[] = [];
  for (const file of files) {
    const { fields, problems } = await loadPolicyFile(file, undefined);
    for (const problem of problems) io.err(formatProblem(problem));
    if (fields === null) return null;
    const label = labelOf(file);
    if (contestants.some((other) => other.label === label))
      throw new ScalerError('invalid', `--policy: two files are called ${label}; rename one`);
    contestants.push({ kind: 'policy', label, fields, calendar: true });
  }
  return contestants;
}

function labelOf(file: string): string {
  return (file.split(/[\\/]/).at(-1) ?? file).replace(/\.ya?ml$/, '');
}
