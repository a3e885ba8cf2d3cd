import { loadRevision } from '../config/load.ts';
import { formatProblem } from '../core/problem.ts';
import { createLog } from '../log.ts';
import { startBellwether } from '../main.ts';
import type { StartScaler } from '../simulate/scaler-under-demo.ts';

/** The real scaler for the demo: the same wiring as `serve`, on the demo's configuration and clock; it logs warnings only. */
export const startDemoScaler: StartScaler = async ({ configFile, clock, targets, replicas }) => {
  const loaded = await loadRevision(configFile);
  if ('problems' in loaded) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const log = createLog({ level: 'warn' });
  return startBellwether({
    configFile,
    revision: loaded.revision,
    log,
    clock,
    ...(targets && { targets }),
    ...(replicas && { replicas }),
  });
};
