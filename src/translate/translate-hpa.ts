import { parseYaml, type YamlDocument } from '../config/yaml.ts';
import { formatDuration } from '../core/duration.ts';
import { scaledObjectText } from './scaled-object-text.ts';
import { isMap, leftAlone, lineOf, listAt, mapAt, type Path, shownShort, textOf } from './source-lines.ts';
import type { Note, Translated, TranslateOptions, Translation } from './translation.ts';
import { kebab } from './yaml-text.ts';

/** HorizontalPodAutoscalers as policies with ScaledObjects in their place. */
export function translateHpa(text: string, options: TranslateOptions): Translated {
  const { documents, problems } = parseYaml(text, options.file);
  if (problems.length > 0) return { problems };
  const hpas = documents.filter(({ value }) => mapAt(value).kind === 'HorizontalPodAutoscaler');
  if (hpas.length === 0) {
    const message = 'must hold a HorizontalPodAutoscaler';
    return { problems: [{ severity: 'error', file: options.file, line: 1, column: 1, path: '', message }] };
  }
  const translations = hpas.map((document) => ofHpa(document, options));
  return {
    documents: translations.flatMap((each) => each.documents),
    notes: [...translations.flatMap((each) => each.notes), ...leftAlone(documents, hpas), ...STANDING],
  };
}

const STANDING: readonly Note[] = [
  {
    kind: 'differs',
    line: null,
    text: "the HPA's windows take the highest (down) or lowest (up) wish of the window; a delay here waits until a change has been wanted so long without a break",
  },
  {
    kind: 'differs',
    line: null,
    text: 'delete the old HPA before applying the ScaledObject: KEDA makes one of its own, and two fight over the same Deployment',
  },
];

const MOST_REPLICAS = 100_000;

function ofHpa(document: YamlDocument, options: TranslateOptions): Translation {
  const spec = mapAt(document.value, 'spec');
  const target = mapAt(spec, 'scaleTargetRef');
  const notes: Note[] = [];
  const minReplicas = replicas(spec.minReplicas, 0) ?? 1;
  const maxReplicas = replicas(spec.maxReplicas, 1);
  if (spec.minReplicas !== undefined && replicas(spec.minReplicas, 0) === undefined) {
    const text = `minReplicas = ${shownShort(spec.minReplicas)}: must be a whole number, the HPA's default of 1 stands for it`;
    notes.push({ kind: 'lost', line: lineOf(document, ['spec', 'minReplicas']), text });
  }
  if (maxReplicas === undefined)
    notes.push({
      kind: 'assumed',
      line: lineOf(document, ['spec']),
      text: 'maxReplicas is missing or no number: minReplicas stands for it',
    });
  const perReplica = ongoingTarget(document, notes);
  const own = kebab(textOf(target.name) ?? textOf(mapAt(document.value, 'metadata').name) ?? '', 'vllm');
  const name = options.name ?? own;
  const max = maxReplicas ?? Math.max(1, minReplicas);
  const lines = [
    `policy: ${own}`,
    `minReplicas: ${minReplicas}`,
    `maxReplicas: ${max}`,
    `targetOngoingRequests: ${perReplica ?? 10}${perReplica === undefined ? '   # not in the HPA: choose' : ''}`,
    `upscaleDelay: ${windowOf(document, 'scaleUp', 0, notes)}`,
    `downscaleDelay: ${windowOf(document, 'scaleDown', 300, notes)}`,
  ];
  const namespace = textOf(mapAt(document.value, 'metadata').namespace) ?? options.namespace;
  const kind = textOf(target.kind) ?? 'Deployment';
  const scaledObject = scaledObjectText({
    name,
    namespace,
    target: textOf(target.name) ?? name,
    kind,
    policy: own,
    model: options.model,
    scalerAddress: options.scalerAddress,
    minReplicas,
    maxReplicas: max,
  });
  return { documents: [lines.join('\n'), scaledObject], notes };
}

function replicas(value: unknown, least: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= MOST_REPLICAS
    ? value
    : undefined;
}

/** A metric that counts requests at replicas, whatever an adapter has made of vLLM's names. */
const ONGOING = /num_requests|ongoing|in_?flight|concurren|queue|waiting|running/i;

function ongoingTarget(document: YamlDocument, notes: Note[]): number | undefined {
  let found: number | undefined;
  for (const [index, metric] of listAt(document.value, 'spec', 'metrics').entries()) {
    const path = ['spec', 'metrics', index];
    const line = lineOf(document, path);
    const { name, target, type } = metricOf(metric);
    const average = quantity(target.averageValue);
    if (found === undefined && ONGOING.test(name) && average !== undefined && average > 0) {
      found = average;
      const running = /running|ongoing/i.test(name) && !/waiting|queue/i.test(name);
      const what = running
        ? 'running requests alone'
        : /waiting|queue/i.test(name)
          ? 'waiting requests alone'
          : 'its own count of requests';
      notes.push({
        kind: 'differs',
        line,
        text: `${shownShort(name)}: the HPA counts ${what}; targetOngoingRequests counts running and waiting together, so review ${average}`,
      });
      continue;
    }
    notes.push({
      kind: 'lost',
      line,
      text: `metric ${shownShort(name || type)} (${shownShort(type)}): ${lostMetric(type, target)}`,
    });
  }
  return found;
}

function metricOf(metric: unknown) {
  const type = textOf(mapAt(metric).type) ?? '';
  const key = type.charAt(0).toLowerCase() + type.slice(1);
  const source = mapAt(metric, key);
  const name = textOf(mapAt(source, 'metric').name) ?? textOf(source.name) ?? '';
  return { type, name, target: mapAt(source, 'target') };
}

function lostMetric(type: string, target: Readonly<Record<string, unknown>>): string {
  if (type === 'Resource' || type === 'ContainerResource')
    return "a GPU server's CPU and memory say nothing of its load";
  if (target.value !== undefined)
    return 'a total (target.value) has no counterpart; signals.query with a target per replica may say it';
  return 'no count of requests; signals (docs/policy.md) may say it';
}

/** A Kubernetes quantity as a plain number: `10`, `500m`, `1k`. */
function quantity(value: unknown): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m|k|M)?$/.exec(String(value ?? ''));
  if (!match) return undefined;
  const factor = match[2] === 'm' ? 0.001 : match[2] === 'k' ? 1_000 : match[2] === 'M' ? 1_000_000 : 1;
  return Math.round(Number(match[1]) * factor * 1e6) / 1e6;
}

function windowOf(
  document: YamlDocument,
  side: 'scaleUp' | 'scaleDown',
  standard: number,
  notes: Note[],
): string {
  const behavior = mapAt(document.value, 'spec', 'behavior', side);
  const path: Path = ['spec', 'behavior', side];
  for (const key of ['policies', 'selectPolicy', 'tolerance'] as const) {
    if (behavior[key] === undefined || (Array.isArray(behavior[key]) && behavior[key].length === 0)) continue;
    const why =
      key === 'tolerance'
        ? 'the ScaledObject sets 0, so that every answer counts'
        : 'a limit of steps; the ScaledObject opens it, and the delays and factors of the policy take its place';
    notes.push({
      kind: 'lost',
      line: lineOf(document, [...path, key]),
      text: `${side}.${key} = ${shownShort(behavior[key])}: ${why}`,
    });
  }
  const seconds = behavior.stabilizationWindowSeconds;
  const given = typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 0 && seconds <= 3600;
  if (isMap(behavior) && seconds !== undefined && !given)
    notes.push({
      kind: 'lost',
      line: lineOf(document, path),
      text: `${side}.stabilizationWindowSeconds = ${shownShort(seconds)}: must be 0 to 3600, the HPA's default stands for it`,
    });
  return formatDuration((given ? seconds : standard) * 1000);
}
