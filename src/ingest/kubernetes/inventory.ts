import type { ApiFailure, KubeApi } from './api.ts';
import { type Json, listAt, metaOf, objectAt, textAt } from './objects.ts';

/** What a cluster holds at one moment, as far as it may be read. */
export interface Inventory {
  /** Whole objects, `kind` and `apiVersion` filled in, without managedFields. */
  readonly objects: readonly Json[];
  readonly kubernetes: string | undefined;
  readonly keda: string | undefined;
  /** What could not be read, each as the end of `the API server …`. */
  readonly lacks: readonly string[];
}

interface Kind {
  readonly kind: string;
  readonly group: string;
  readonly plural: string;
  /** Of the whole cluster, whatever namespace is asked for. */
  readonly isGlobal?: boolean;
}

/** In this order: without ScaledObjects nothing else is worth asking for. */
const KINDS: readonly Kind[] = [
  { kind: 'ScaledObject', group: 'apis/keda.sh/v1alpha1', plural: 'scaledobjects' },
  { kind: 'HorizontalPodAutoscaler', group: 'apis/autoscaling/v2', plural: 'horizontalpodautoscalers' },
  { kind: 'Deployment', group: 'apis/apps/v1', plural: 'deployments' },
  { kind: 'StatefulSet', group: 'apis/apps/v1', plural: 'statefulsets' },
  { kind: 'Service', group: 'api/v1', plural: 'services' },
  { kind: 'PriorityClass', group: 'apis/scheduling.k8s.io/v1', plural: 'priorityclasses', isGlobal: true },
];

const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/scaledobjects.keda.sh';
const PAGE = '500';

/**
 * Reads it by lists in pages, of one namespace or of all. The failure is that of the ScaledObjects: what else may not be
 * read is told among `lacks`.
 */
export async function readInventory(
  api: Pick<KubeApi, 'get'>,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<Inventory | ApiFailure> {
  const objects: Json[] = [];
  const lacks: string[] = [];
  for (const kind of KINDS) {
    const listed = await listAll(api, { ...kind, namespace }, signal);
    if ('objects' in listed) objects.push(...listed.objects);
    else if (kind.kind === 'ScaledObject') return listed;
    else lacks.push(`${listed.error} for ${kind.plural}`);
  }
  const version = await api.get('/version', {}, signal);
  const crd = await api.get(CRD, {}, signal);
  const keda = crd.ok ? versionLabel(crd.value) : undefined;
  return {
    objects,
    kubernetes: version.ok ? textAt(version.value, 'gitVersion') || undefined : undefined,
    keda: keda ?? objects.map(operatorVersion).find((found) => found !== undefined),
    lacks,
  };
}

async function listAll(
  api: Pick<KubeApi, 'get'>,
  { kind, group, plural, isGlobal, namespace }: Kind & { readonly namespace: string | undefined },
  signal: AbortSignal,
): Promise<{ readonly objects: readonly Json[] } | ApiFailure> {
  const scope =
    namespace === undefined || isGlobal === true ? '' : `namespaces/${encodeURIComponent(namespace)}/`;
  const objects: Json[] = [];
  let next = '';
  do {
    const page = await api.get(
      `/${group}/${scope}${plural}`,
      next === '' ? { limit: PAGE } : { limit: PAGE, continue: next },
      signal,
    );
    if (!page.ok) return page;
    for (const item of listAt(page.value, 'items')) objects.push(whole(item as Json, kind, group));
    next = textAt(objectAt(page.value, 'metadata'), 'continue');
  } while (next !== '');
  return { objects };
}

/** Items of a list carry no kind; the fields that only the server's bookkeeping needs are left out. */
function whole(item: Json, kind: string, group: string): Json {
  const { managedFields: _, ...metadata } = objectAt(item, 'metadata');
  return { ...item, apiVersion: group.replace(/^apis?\//, ''), kind, metadata };
}

function versionLabel(object: unknown): string | undefined {
  return textAt(objectAt(objectAt(object, 'metadata'), 'labels'), 'app.kubernetes.io/version') || undefined;
}

function operatorVersion(object: Json): string | undefined {
  return metaOf(object).name === 'keda-operator' ? versionLabel(object) : undefined;
}
