import { FINISHED, type QueryScheme, quoteAnyOf, RUNNING, type Scope, selector, WAITING } from './queries.ts';

/** What five minutes of fleets are read with; each yields one series a namespace, model and values of matchLabels. */
export interface TrafficQueries {
  readonly finished: string;
  readonly ongoing: string;
  readonly waiting: string;
  readonly replicas: string;
}

/**
 * Means over the five minutes before an instant, of all pods together. Rates and means are taken of each series before
 * anything is added up, so that restarts do not count; a pod that is scraped twice counts once.
 */
export function trafficQueries(scheme: QueryScheme, scope: Scope): TrafficQueries {
  const { namespace, pod, model_name, engine } = scheme.labels;
  const fleet = [...new Set([namespace, model_name, ...scheme.keys])];
  const by = (...more: readonly string[]): string => `by (${[...new Set([...fleet, ...more])].join(', ')})`;
  // A router's series belong to pods that are read themselves; what has no pod is nobody's.
  const where = [
    `${namespace}=~${quoteAnyOf(scope.namespaces)}`,
    `${model_name}=~${quoteAnyOf(scope.models)}`,
    `${pod}!=""`,
    ...(scheme.keys.includes('server') ? [] : ['server=""']),
  ];
  // Functions of a range drop names, and fail where one engine has two: hence a term a name.
  const each = (wrap: string, names: readonly string[]): string =>
    names.map((name) => `${wrap}(${selector([name], scheme, where)}[5m])`).join(' or ');
  const mean = (names: readonly string[]): string =>
    `sum ${by()} (max ${by(pod, engine)} (${each('avg_over_time', names)}))`;
  // Pods that came or went within the five minutes count by how long they were there, against one that was there throughout.
  const scraped = `max ${by(pod)} (${each('count_over_time', RUNNING)})`;
  return {
    finished: `sum ${by()} (max ${by(pod, engine, 'finished_reason')} (${each('rate', FINISHED)}))`,
    ongoing: `${mean(RUNNING)} + ${mean(WAITING)}`,
    waiting: mean(WAITING),
    replicas: `sum ${by()} (${scraped}) / max ${by()} (${scraped})`,
  };
}
