import type { Calendar } from '../calendar/calendar.ts';
import { loadPolicyFile } from '../config/load-policy.ts';
import { withPreset } from '../core/presets.ts';
import { formatProblem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { peersFor } from '../simulate/autoscalers/catalogue.ts';
import { loadTested } from '../simulate/autoscalers/sizing.ts';
import type { Contestant } from '../simulate/backtest/contestant.ts';
import type { Scenario } from '../simulate/scenario.ts';
import type { Io } from './io.ts';

export interface ContestantFlags {
  readonly policy?: readonly string[];
  readonly peers: readonly string[];
}

export interface Field {
  readonly scenario: Scenario;
  readonly calendar: Calendar | null;
}

/** Ours first, then the peers, then the oracle; null after a policy's errors were told. */
export async function chooseContestants(
  io: Io,
  { policy, peers }: ContestantFlags,
  { scenario, calendar }: Field,
): Promise<readonly Contestant[] | null> {
  const ours = policy === undefined ? presets(scenario) : await fromFiles(io, policy);
  if (ours === null) return null;
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
function presets({ profile }: Scenario): readonly Contestant[] {
  const targetOngoingRequests = loadTested(profile).ongoing;
  return (['arrival-rate', 'ray'] as const).map((preset) => ({
    kind: 'policy',
    label: `bellwether ${preset}`,
    fields: withPreset(preset, { targetOngoingRequests }),
    calendar: true,
  }));
}

async function fromFiles(io: Io, files: readonly string[]): Promise<readonly Contestant[] | null> {
  const contestants: Contestant[] = [];
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
