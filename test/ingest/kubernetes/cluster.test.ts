import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ColdStart } from '../../../src/core/cold-start.ts';
import type { ScaleTarget } from '../../../src/core/fleet.ts';
import { absentSample, type Sample } from '../../../src/core/sample.ts';
import { createKubeApi } from '../../../src/ingest/kubernetes/api.ts';
import { type Cluster, createCluster } from '../../../src/ingest/kubernetes/cluster.ts';
import { withCluster } from '../../../src/ingest/kubernetes/with-cluster.ts';
import type { FleetQuery } from '../../../src/ingest/source.ts';
import { ScriptedSource } from '../../support/control.ts';
import { FakeKubernetes } from '../../support/fake-kubernetes.ts';
import {
  aDeployment,
  anHpa,
  aPod,
  aScaledObject,
  eventually,
  IMPATIENT,
  plainCredentials,
  stamp,
  T0,
} from '../../support/kubernetes.ts';
import { aFleet } from '../builders.ts';

describe('the cluster', () => {
  let server: FakeKubernetes;
  let cluster: Cluster;
  let now: number;
  const seen: string[] = [];
  const starts: { key: string; start: ColdStart }[] = [];

  beforeEach(async () => {
    server = await FakeKubernetes.start();
    now = T0 + 1_000_000;
    seen.length = 0;
    starts.length = 0;
  });

  afterEach(async () => {
    await cluster.close();
    await server.close();
  });

  function watch(namespaces: readonly string[] = []): void {
    cluster = createCluster({
      api: createKubeApi(plainCredentials(server.url)),
      origin: 'the test',
      namespaces,
      now: () => now,
      random: () => 0.5,
      isOurs: ({ triggers }) => triggers.some(({ metadata }) => metadata.model !== undefined),
      onScaledObject: ({ name }, gone) => seen.push(gone ? `${name} gone` : name),
      onColdStart: (_, key, start) => starts.push({ key, start }),
      patience: IMPATIENT,
    });
  }

  const fleet = (name = 'vllm', scaleTarget?: ScaleTarget): FleetQuery =>
    aFleet({ namespace: 'llm', name, model: 'm', ...(scaleTarget ? { scaleTarget } : {}) });
  const readyPod = (name: string, labels = { app: 'vllm' }) =>
    aPod({ name, labels, scheduled: 1, started: 20, ready: 60 });

  it('knows a fleet by its ScaledObject: replicas, why one is not scheduled, the HPA', async () => {
    server.put('scaledobjects', aScaledObject({ spec: { cooldownPeriod: 30 } }));
    server.put('horizontalpodautoscalers', anHpa({ behavior: { scaleUp: { tolerance: '0' } } }));
    server.put('deployments', aDeployment(3));
    server.put('pods', readyPod('a'));
    server.put('pods', aPod({ name: 'b', created: 50, scheduled: 51 }));
    server.put('pods', aPod({ name: 'c', created: 60, unschedulable: { since: 61, message: 'no room' } }));
    server.put('pods', readyPod('other', { app: 'other' }));
    watch();
    await eventually(() => expect(cluster.view(fleet()).pods).not.toBeNull());
    expect(seen).toEqual(['vllm']);
    expect(cluster.view(fleet())).toMatchObject({
      target: { kind: 'deployment', name: 'vllm' },
      workload: { spec: 3, created: 3 },
      pods: {
        created: 3,
        ready: 1,
        starting: 2,
        startingSince: T0 + 50_000,
        unschedulable: 1,
        longestUnschedulable: { pod: 'c', since: T0 + 61_000, message: 'no room' },
      },
      autoscaler: { name: 'keda-hpa-vllm', spec: { minReplicas: 1, maxReplicas: 10 }, stopped: null },
      cooldownPeriod: 30_000,
      lacks: [],
    });
  });

  it('watches nothing of workloads and pods while no ScaledObject is ours', async () => {
    server.put(
      'scaledobjects',
      aScaledObject({
        metadata: { query: 'up' },
        spec: { triggers: [{ type: 'prometheus', metadata: {} }] },
      }),
    );
    watch();
    await eventually(() => expect(server.watching('scaledobjects')).toBe(1));
    await eventually(() => expect(server.watching('horizontalpodautoscalers')).toBe(1));
    expect(server.asked('pods', 'list')).toEqual([]);
    expect(server.asked('deployments', 'list')).toEqual([]);
    expect(seen).toEqual([]);
  });

  it('asks for no pods that have ended, and of events for pulled images alone', async () => {
    server.put('scaledobjects', aScaledObject());
    watch();
    await eventually(() => expect(server.watching('events')).toBe(1));
    await eventually(() => expect(server.watching('pods')).toBe(1));
    expect(server.asked('pods', 'list')[0]?.query.fieldSelector).toBe(
      'status.phase!=Succeeded,status.phase!=Failed',
    );
    expect(server.asked('events', 'watch')[0]?.query.fieldSelector).toBe(
      'involvedObject.kind=Pod,reason=Pulled',
    );
  });

  it('follows a ScaledObject to another target, and tells when it is gone', async () => {
    server.put('scaledobjects', aScaledObject());
    server.put('deployments', aDeployment(1));
    server.put('deployments', aDeployment(4, 'vllm-b'));
    server.put('pods', readyPod('a'));
    server.put('pods', readyPod('b', { app: 'vllm-b' }));
    watch();
    await eventually(() => expect(cluster.view(fleet()).pods?.ready).toBe(1));
    server.put('scaledobjects', aScaledObject({ target: { name: 'vllm-b' } }));
    await eventually(() => expect(cluster.view(fleet()).workload?.spec).toBe(4));
    expect([...cluster.view(fleet()).members.keys()]).toEqual(['b']);
    server.remove('scaledobjects', 'llm', 'vllm');
    await eventually(() => expect(seen).toContain('vllm gone'));
    expect([...cluster.scaledObjects()]).toEqual([]);
  });

  it.each([
    ['StatefulSet', 'apps/v1', 'statefulsets', aDeployment(2)],
    [
      'LeaderWorkerSet',
      'leaderworkerset.x-k8s.io/v1',
      'leaderworkersets',
      {
        metadata: { name: 'vllm', namespace: 'llm' },
        spec: { replicas: 2 },
        status: {
          replicas: 2,
          readyReplicas: 1,
          hpaPodSelector: 'app=vllm,leaderworkerset.sigs.k8s.io/worker-index=0',
        },
      },
    ],
  ])('watches a %s', async (kind, apiVersion, resource, object) => {
    server.put('scaledobjects', aScaledObject({ target: { kind, apiVersion, name: 'vllm' } }));
    server.put(resource, object);
    const leader = { app: 'vllm', 'leaderworkerset.sigs.k8s.io/worker-index': '0' };
    server.put('pods', readyPod('vllm-0', leader));
    watch();
    await eventually(() => expect(cluster.view(fleet()).pods?.ready).toBe(1));
    expect(cluster.view(fleet()).workload).toMatchObject({ spec: 2, created: 2 });
  });

  it('reads the scale subresource of any other target', async () => {
    const target = { kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1', name: 'vllm' };
    server.put(
      'scaledobjects',
      aScaledObject({ target, status: { scaleTargetGVKR: { resource: 'rollouts' } } }),
    );
    server.scales.set('/apis/argoproj.io/v1alpha1/namespaces/llm/rollouts/vllm/scale', {
      spec: { replicas: 2 },
      status: { replicas: 2, selector: 'app=vllm' },
    });
    server.put('pods', readyPod('a'));
    watch();
    await eventually(() => expect(cluster.view(fleet()).pods?.ready).toBe(1));
    expect(cluster.view(fleet())).toMatchObject({
      target: { kind: 'rollout' },
      workload: { spec: 2, created: 2 },
    });
  });

  it('finds a target by the HPA or the trigger where ScaledObjects may not be seen', async () => {
    server.refuse('scaledobjects', 403);
    server.put('horizontalpodautoscalers', anHpa());
    server.put('deployments', aDeployment(2));
    server.put('deployments', aDeployment(5, 'named'));
    watch();
    await eventually(() => expect(cluster.view(fleet()).workload?.spec).toBe(2));
    const named = fleet('unknown', { kind: 'deployment', name: 'named' });
    expect(cluster.view(named).workload?.spec).toBe(5);
    now += 1_000;
    expect(cluster.view(fleet()).lacks).toEqual(['ScaledObjects may not be watched (RBAC)']);
    expect(cluster.status().lacks).toEqual(['ScaledObjects may not be watched (RBAC)']);
  });

  it('knows the target without pods where pods may not be seen', async () => {
    server.refuse('pods', 403);
    server.put('scaledobjects', aScaledObject());
    server.put('deployments', aDeployment(2));
    watch();
    await eventually(() => expect(cluster.status().lacks).toEqual(['pods may not be watched (RBAC)']));
    now += 1_000;
    await eventually(() =>
      expect(cluster.view(fleet())).toMatchObject({ workload: { spec: 2 }, pods: null }),
    );
    expect(cluster.view(fleet()).lacks).toEqual(['pods may not be watched (RBAC)']);
  });

  it('does not know what it has not heard of for too long', async () => {
    server.put('scaledobjects', aScaledObject());
    server.put('deployments', aDeployment(2));
    server.put('pods', readyPod('a'));
    watch();
    await eventually(() => expect(cluster.view(fleet()).pods?.ready).toBe(1));
    for (const resource of ['pods', 'deployments']) server.refuse(resource, 503);
    server.endWatches('broken');
    await eventually(() => expect(server.asked('pods', 'watch').length).toBeGreaterThan(2));
    now += IMPATIENT.grace + 1_000;
    expect(cluster.view(fleet())).toMatchObject({ workload: null, pods: null });
    await eventually(() =>
      expect(cluster.status().lacks.join()).toContain('pods cannot be watched: the API server answered 503'),
    );
  });

  it('watches given namespaces each by itself, and needs no right beyond them', async () => {
    server.put('scaledobjects', aScaledObject());
    server.put('scaledobjects', aScaledObject({ namespace: 'foreign', name: 'other' }));
    server.put('deployments', aDeployment(2));
    watch(['llm', 'chat']);
    await eventually(() => expect(cluster.view(fleet()).workload?.spec).toBe(2));
    await eventually(() => expect(server.watching('pods')).toBe(2));
    expect(seen).toEqual(['vllm']);
    expect(server.requests.every(({ path }) => /\/namespaces\/(llm|chat)\//.test(path))).toBe(true);
  });

  it('measures a cold start as the pod goes, with the pull of its image', async () => {
    server.put('scaledobjects', aScaledObject());
    server.put('deployments', aDeployment(1));
    server.put('pods', readyPod('old'));
    watch();
    await eventually(() => expect(cluster.view(fleet()).pods?.ready).toBe(1));
    server.put('pods', aPod({ name: 'new', created: 100 }));
    server.put('pods', aPod({ name: 'new', created: 100, scheduled: 101 }));
    await eventually(() => expect(server.watching('events')).toBe(1));
    await eventually(() => expect(cluster.view(fleet()).pods?.created).toBe(2));
    const involvedObject = { kind: 'Pod', uid: 'uid-new' };
    server.put('events', {
      metadata: { name: 'e', namespace: 'llm' },
      involvedObject,
      lastTimestamp: stamp(140),
    });
    // Events and pods are two streams: the readiness comes after the pull has been read.
    server.endWatches('clean');
    await eventually(() => expect(server.asked('events', 'watch').length).toBeGreaterThan(1));
    server.put('pods', aPod({ name: 'new', created: 100, scheduled: 101, started: 145, ready: 200 }));
    await eventually(() => expect(starts).toHaveLength(1));
    expect(starts[0]).toEqual({
      key: fleet().key,
      start: {
        total: 100_000,
        nodeWait: null,
        levers: { node: 1_000, image: 39_000, container: 5_000, runtime: 55_000 },
      },
    });
  });

  it('takes a pod of the same name for another one when its uid is', async () => {
    server.put('scaledobjects', aScaledObject());
    server.put('deployments', aDeployment(1));
    server.put('pods', aPod({ name: 'vllm-0', uid: 'first' }));
    watch();
    await eventually(() => expect(cluster.view(fleet()).pods?.starting).toBe(1));
    server.put('pods', aPod({ name: 'vllm-0', uid: 'second', scheduled: 1, started: 2, ready: 60 }));
    await eventually(() => expect(cluster.view(fleet()).pods?.ready).toBe(1));
    expect(starts).toEqual([]);
  });

  it('writes and takes away the cost of a pod', async () => {
    server.put('scaledobjects', aScaledObject());
    server.put('deployments', aDeployment(1));
    server.put('pods', readyPod('a'));
    watch();
    await eventually(() => expect(cluster.view(fleet()).pods?.ready).toBe(1));
    const pod = () => cluster.view(fleet()).members.get('a');
    const written = pod();
    if (written === undefined) throw new Error('the pod is there');
    expect(await cluster.setDeletionCost(written, -3)).toMatchObject({ ok: true });
    await eventually(() => expect(pod()?.deletionCost).toBe(-3));
    expect(await cluster.setDeletionCost(written, null)).toMatchObject({ ok: true });
    await eventually(() => expect(pod()?.deletionCost).toBe(0));
    expect(server.patches.map(({ path }) => path)).toEqual(Array(2).fill('/api/v1/namespaces/llm/pods/a'));
  });

  describe('in the samples', () => {
    async function sampleOf(sample: Partial<Sample>, running?: ReadonlyMap<string, number>): Promise<Sample> {
      const base = absentSample(now, 'nothing', {
        ...absentSample(now, '').replicas,
        ready: 9,
        source: 'elsewhere',
      });
      const source = new ScriptedSource(() => ({ ...base, ...sample }));
      const read = source.read.bind(source);
      if (running !== undefined)
        source.read = async (at) => ({ ...(await read(at)), runningOf: () => running });
      const reading = await withCluster(source, cluster).read(now, [], AbortSignal.timeout(10_000));
      return reading.sampleOf(fleet());
    }

    it('are its own counts, also while the source is down', async () => {
      server.put('scaledobjects', aScaledObject());
      server.put('deployments', aDeployment(2));
      server.put('pods', readyPod('a'));
      watch();
      await eventually(() => expect(cluster.view(fleet()).pods?.ready).toBe(1));
      const { presence, replicas } = await sampleOf({});
      expect(presence).toBe('absent');
      expect(replicas).toMatchObject({
        spec: 2,
        ready: 1,
        starting: 0,
        unschedulable: 0,
        source: 'Kubernetes deployment/vllm',
      });
      expect(replicas.cluster).toMatchObject({ created: 2, coverage: null, lacks: [] });
    });

    it('leave the counts to the source where the cluster has none, and say what is lacking', async () => {
      server.refuse('deployments', 403);
      server.put('scaledobjects', aScaledObject());
      watch();
      await eventually(() => expect(cluster.status().lacks).toHaveLength(1));
      now += 1_000;
      const { replicas } = await sampleOf({});
      expect(replicas).toMatchObject({ ready: 9, source: 'elsewhere' });
      expect(replicas.cluster?.lacks).toEqual(['deployments may not be watched (RBAC)']);
    });

    it('name ready pods that do not report as missing, for ten minutes from when they became ready', async () => {
      server.put('scaledobjects', aScaledObject());
      server.put('deployments', aDeployment(2));
      server.put('pods', readyPod('a'));
      server.put('pods', readyPod('b'));
      watch();
      await eventually(() => expect(cluster.view(fleet()).pods?.ready).toBe(2));
      const one = { presence: 'fresh', reporting: 1 } as const;
      now = T0 + 659_000;
      const partial = await sampleOf(one, new Map([['a', 4]]));
      expect(partial.missing).toEqual(['b']);
      expect(partial.replicas.cluster?.coverage).toBe(0.5);
      now = T0 + 660_000;
      expect((await sampleOf(one, new Map([['a', 4]]))).missing).toEqual([]);
      expect((await sampleOf({ presence: 'fresh', reporting: 2 }, new Map())).missing).toEqual([]);
    });
  });
});
