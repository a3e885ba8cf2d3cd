import type { Autoscaler } from './autoscaler.ts';
import { definePeer } from './peer.ts';

/** The same count for ever: what every other policy has to beat. */
export function createStatic(replicas: number): Autoscaler {
  return {
    name: 'static',
    duties: [
      {
        name: 'static',
        everyMs: 3_600_000,
        phaseMs: 0,
        run: ({ specReplicas }) => (specReplicas === replicas ? null : replicas),
      },
    ],
    explain: () => `${replicas}, always`,
  };
}

export const STATIC = definePeer<'replicas'>({
  name: 'static',
  title: 'a fixed count',
  defaults: ({ maxReplicas }) => ({ replicas: maxReplicas }),
  knobs: ({ minReplicas, maxReplicas }) => ({
    replicas: Array.from({ length: maxReplicas - minReplicas + 1 }, (_, index) => minReplicas + index),
  }),
  build: (_setting, { replicas }) => createStatic(replicas),
});
