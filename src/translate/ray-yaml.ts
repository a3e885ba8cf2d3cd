import { parseYaml, type YamlDocument } from '../config/yaml.ts';
import { RAY_AUTO, type RayConfig, type RayField } from './ray-fields.ts';
import { isMap, leftAlone, lineOf, listAt, mapAt, type Path, shownShort, textOf } from './source-lines.ts';
import type { Note } from './translation.ts';

/**
 * The autoscaling configurations of a document: a Serve config (`applications`, or the older `deployments`), the one that
 * a RayService holds as text, or a bare map of AutoscalingConfig's fields.
 */
export function yamlConfigs(document: YamlDocument): readonly RayConfig[] {
  const { value } = document;
  const inner = textOf(mapAt(value, 'spec').serveConfigV2);
  if (inner !== undefined) return ofRayService(document, inner);
  const applications = listAt(value, 'applications');
  if (applications.length > 0) {
    return applications.flatMap((application, index) =>
      ofDeployments(document, listAt(application, 'deployments'), ['applications', index, 'deployments']),
    );
  }
  const deployments = listAt(value, 'deployments');
  if (deployments.length > 0) return ofDeployments(document, deployments, ['deployments']);
  const bare = mapAt(value, 'autoscaling_config');
  if (Object.keys(bare).length > 0) return [configOf(document, bare, ['autoscaling_config'], undefined)];
  const isBare = isMap(value) && ('min_replicas' in value || 'max_replicas' in value);
  return isBare ? [configOf(document, value, [], undefined)] : [];
}

/** What has no autoscaling to carry over: documents of other kinds, and deployments of a fixed size. */
export function yamlLeftovers(documents: readonly YamlDocument[]): readonly Note[] {
  const used = documents.filter((document) => yamlConfigs(document).length > 0);
  const fixed = used.flatMap((document) =>
    [
      ...listAt(document.value, 'applications').map((each, index) => ({
        deployments: listAt(each, 'deployments'),
        path: ['applications', index, 'deployments'],
      })),
      { deployments: listAt(document.value, 'deployments'), path: ['deployments'] },
    ].flatMap(({ deployments, path }) =>
      deployments.flatMap((deployment, index): Note[] => {
        const { name, num_replicas: count, autoscaling_config: own } = mapAt(deployment);
        if (isMap(own) || count === 'auto') return [];
        const size =
          count === undefined ? "one replica, Serve's default" : `num_replicas ${shownShort(count)}`;
        const text = `deployment ${shownShort(name)}: of a fixed size (${size}), left alone`;
        return [{ kind: 'lost', line: lineOf(document, [...path, index]), text }];
      }),
    ),
  );
  return [...fixed, ...leftAlone(documents, used)];
}

/** Lines count within the text that the RayService holds, so its own beginning is added. */
function ofRayService(document: YamlDocument, inner: string): readonly RayConfig[] {
  const start = lineOf(document, ['spec', 'serveConfigV2']);
  const moved = <T extends { readonly line: number }>(each: T): T => ({ ...each, line: each.line + start });
  return parseYaml(inner, document.file)
    .documents.flatMap(yamlConfigs)
    .map((config) => ({
      ...moved(config),
      lastLine: config.lastLine + start,
      fields: config.fields.map(moved),
    }));
}

function ofDeployments(
  document: YamlDocument,
  deployments: readonly unknown[],
  path: Path,
): readonly RayConfig[] {
  return deployments.flatMap((deployment, index) => {
    const name = textOf(mapAt(deployment).name);
    const at = [...path, index];
    const own = mapAt(deployment, 'autoscaling_config');
    const isAuto = mapAt(deployment).num_replicas === 'auto';
    if (Object.keys(own).length === 0 && !isAuto) return [];
    const config = configOf(document, own, [...at, 'autoscaling_config'], name);
    return [isAuto ? withAuto(config, lineOf(document, [...at, 'num_replicas'])) : config];
  });
}

function configOf(
  document: YamlDocument,
  fields: Readonly<Record<string, unknown>>,
  path: Path,
  name: string | undefined,
): RayConfig {
  const found = Object.entries(fields).map(
    ([key, value]): RayField => ({
      key,
      value,
      text: shownShort(value),
      line: lineOf(document, [...path, key]),
    }),
  );
  const line = lineOf(document, path);
  const lastLine = Math.max(line, ...found.map((field) => field.line));
  return { name: name ?? 'autoscaling', deployment: name, line, lastLine, fields: found };
}

const AUTO_KEYS = {
  min_replicas: RAY_AUTO.minReplicas,
  max_replicas: RAY_AUTO.maxReplicas,
  target_ongoing_requests: RAY_AUTO.targetOngoingRequests,
} as const;

/** `num_replicas: auto` fills in what autoscaling_config leaves out. */
function withAuto(config: RayConfig, line: number): RayConfig {
  const given = new Set(config.fields.map(({ key }) => key));
  const filled = Object.entries(AUTO_KEYS)
    .filter(([key]) => !given.has(key))
    .map(([key, value]): RayField => ({ key, value, text: String(value), line }));
  return { ...config, line: Math.min(config.line, line), fields: [...config.fields, ...filled] };
}
