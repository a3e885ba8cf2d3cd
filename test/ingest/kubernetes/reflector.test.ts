import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKubeApi, type KubeApi } from '../../../src/ingest/kubernetes/api.ts';
import { type Pod, readPod } from '../../../src/ingest/kubernetes/pod.ts';
import { type Patience, Reflector } from '../../../src/ingest/kubernetes/reflector.ts';
import { Store } from '../../../src/ingest/kubernetes/store.ts';
import { createSlicer } from '../../../src/ingest/slices.ts';
import { FakeKubernetes } from '../../support/fake-kubernetes.ts';
import { aPod, eventually, IMPATIENT, plainCredentials } from '../../support/kubernetes.ts';

describe('a reflector', () => {
  let server: FakeKubernetes;
  let api: KubeApi;
  let store: Store<Pod>;
  let reflector: Reflector;
  let now = 0;

  beforeEach(async () => {
    server = await FakeKubernetes.start();
    now = 0;
  });

  afterEach(async () => {
    reflector.close();
    await api.close();
    await server.close();
  });

  function reflect(patience: Partial<Patience> = {}, tokens: readonly string[] = ['']): void {
    api = createKubeApi(plainCredentials(server.url, tokens));
    store = new Store({ read: readPod });
    reflector = new Reflector({
      api,
      path: '/api/v1/pods',
      subject: 'pods',
      sink: store.sink(''),
      slicer: createSlicer(),
      now: () => now,
      random: () => 0.5,
      patience: { ...IMPATIENT, ...patience },
    });
  }

  const names = (): readonly string[] => [...store.all()].map(({ name }) => name).sort();
  const watched = () => eventually(() => expect(server.watching('pods')).toBe(1));

  it('lists in pages, then follows what comes, changes and goes', async () => {
    for (let i = 0; i < 450; i++) server.put('pods', aPod({ name: `pod-${i}` }));
    reflect();
    expect(reflector.state()).toEqual({ fresh: false, why: null });
    await watched();
    expect(names()).toHaveLength(450);
    expect(server.asked('pods', 'list').map(({ query }) => query.continue)).toEqual([
      undefined,
      '100',
      '200',
      '300',
      '400',
    ]);
    expect(reflector.state()).toEqual({ fresh: true, why: null });
    server.put('pods', aPod({ name: 'new' }));
    server.remove('pods', 'llm', 'pod-7');
    await eventually(() => expect(names()).toHaveLength(450));
    await eventually(() => expect(names()).toContain('new'));
    expect(names()).not.toContain('pod-7');
  });

  it.each(['broken', 'clean'] as const)('takes a %s watch up where it was, without a list', async (how) => {
    server.put('pods', aPod({ name: 'a' }));
    reflect();
    await watched();
    server.endWatches(how);
    server.put('pods', aPod({ name: 'b' }));
    await eventually(() => expect(names()).toEqual(['a', 'b']));
    expect(server.asked('pods', 'list')).toHaveLength(1);
    expect(server.asked('pods', 'watch').length).toBeGreaterThanOrEqual(2);
  });

  it('takes it up from a bookmark, where the history before it is gone', async () => {
    reflect();
    await watched();
    server.compact();
    server.bookmark('pods');
    // What comes after the bookmark in the same stream tells that it was read.
    server.put('pods', aPod({ name: 'a' }));
    await eventually(() => expect(names()).toEqual(['a']));
    server.endWatches('clean');
    await eventually(() => expect(server.asked('pods', 'watch')).toHaveLength(2));
    server.put('pods', aPod({ name: 'b' }));
    await eventually(() => expect(names()).toEqual(['a', 'b']));
    expect(server.asked('pods', 'list')).toHaveLength(1);
  });

  it('takes it up from a bookmark alone', async () => {
    reflect();
    await watched();
    server.compact();
    server.bookmark('pods');
    server.endWatches('clean');
    await eventually(() => expect(server.asked('pods', 'watch').length).toBeGreaterThanOrEqual(2));
    await watched();
    expect(server.asked('pods', 'list')).toHaveLength(1);
  });

  it('lists anew after 410 Gone, and forgets what went meanwhile', async () => {
    server.put('pods', aPod({ name: 'a' }));
    server.put('pods', aPod({ name: 'b' }));
    reflect();
    await watched();
    server.refuse('pods', 500);
    server.endWatches('broken');
    server.remove('pods', 'llm', 'a');
    server.put('pods', aPod({ name: 'c' }));
    server.compact();
    server.refuse('pods', null);
    await eventually(() => expect(names()).toEqual(['b', 'c']));
    expect(server.asked('pods', 'list').length).toBeGreaterThanOrEqual(2);
  });

  it('lists anew when 410 comes as an event of the watch', async () => {
    server.put('pods', aPod({ name: 'a' }));
    reflect();
    await watched();
    server.say(
      'pods',
      JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }),
    );
    await eventually(() => expect(server.asked('pods', 'list')).toHaveLength(2));
    await eventually(() => expect(reflector.state().fresh).toBe(true));
    expect(names()).toEqual(['a']);
  });

  it('gets a new token when the one it has is no longer taken', async () => {
    server.token = 'first';
    server.put('pods', aPod({ name: 'a' }));
    reflect({}, ['first', 'second']);
    await watched();
    server.token = 'second';
    server.endWatches('broken');
    server.put('pods', aPod({ name: 'b' }));
    await eventually(() => expect(names()).toEqual(['a', 'b']));
    expect(server.asked('pods', 'list')).toHaveLength(1);
  });

  it('says what it may not do, and goes on when it may', async () => {
    server.refuse('pods', 403);
    reflect();
    await eventually(() =>
      expect(reflector.state()).toEqual({ fresh: false, why: 'may not be watched (RBAC)' }),
    );
    server.put('pods', aPod({ name: 'a' }));
    server.refuse('pods', null);
    await eventually(() => expect(names()).toEqual(['a']));
    expect(reflector.state()).toEqual({ fresh: true, why: null });
  });

  it('does not know the present any more some time after its watch broke off, and keeps what it saw', async () => {
    server.put('pods', aPod({ name: 'a' }));
    reflect({ grace: 1_000 });
    await watched();
    server.refuse('pods', 503);
    server.endWatches('broken');
    await eventually(() => expect(server.asked('pods', 'watch').length).toBeGreaterThanOrEqual(3));
    expect(reflector.state().fresh).toBe(true);
    now += 1_001;
    expect(reflector.state()).toEqual({
      fresh: false,
      why: 'cannot be watched: the API server answered 503 (InternalError)',
    });
    expect(names()).toEqual(['a']);
    server.refuse('pods', null);
    await eventually(() => expect(reflector.state()).toEqual({ fresh: true, why: null }));
  });

  it('breaks a watch off that has been silent for too long', async () => {
    reflect({ silence: 50 });
    await eventually(() => expect(server.asked('pods', 'watch').length).toBeGreaterThanOrEqual(2));
  });

  it.each([
    ['what is no JSON', '{"type":"ADDED","object":{'],
    ['an error without a code', '{"type":"ERROR","object":{}}'],
    ['no object at all', '[1, 2]'],
    ['an empty line', ''],
  ])('survives %s', async (_, line) => {
    server.put('pods', aPod({ name: 'a' }));
    reflect();
    await watched();
    server.say('pods', line);
    server.put('pods', aPod({ name: 'b' }));
    await eventually(() => expect(names()).toEqual(['a', 'b']));
  });

  it('puts events together that come in pieces, in letters of several bytes too', async () => {
    reflect();
    await watched();
    const object = aPod({ name: 'a', labels: { app: 'größe-模型' } });
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    for (const byte of bytes) server.sayBytes('pods', Buffer.from([byte]));
    await eventually(() => expect([...store.all()][0]?.labels).toEqual({ app: 'größe-模型' }));
  });
});
