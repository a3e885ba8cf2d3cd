import { connect as connectHttp2 } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, pause, startWorld, type World, watchAnswers } from '../support/fault-world.ts';
import { aFuzzer } from '../support/fuzz.ts';
import { aRef } from '../support/keda-client.ts';
import { abreast, PlainCalls } from '../support/plain-calls.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

async function metrics(): Promise<{ rss: number; dropped: number }> {
  const text = await (await fetch(`${world.process.httpAddress}/metrics`)).text();
  const dropped = /^bellwether_dropped_fleets_total\{reason="crowded"\} (\S+)$/m.exec(text)?.[1];
  return {
    rss: Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]),
    dropped: Number(dropped),
  };
}
const MIB = 1024 * 1024;
/** As many as docs/configuration.md says. */
const MAX_FLEETS = 20_000;
const NAMES = Number(process.env.BELLWETHER_NAMES ?? 25_000);
/** Calls under way: what comes faster than it is answered waits in the server. */
const AT_ONCE = 10_000;

const INJECTIONS: readonly (readonly [string, string])[] = [
  ['model', '"} or vector(99) or {x="'],
  ['model', 'm\n\0☃"\'\\'],
  ['matchLabels', 'a="b",c=~".+"'],
  ['matchLabels', '__name__=up'],
  ['policy', 'sum(up)'],
  ['scaleTarget', 'deployment/x"} or vector(99) #'],
  ['promql', 'vector(99)'],
  ['signals', '[{promql: "vector(99)"}]'],
];

describe('hostile callers of the real process', { timeout: 60_000 }, () => {
  it('1,200 fuzzed inputs over gRPC, HTTP, metadata and YAML: nothing throws, the fleet is answered all the while', async () => {
    const fuzzers = [1, 2, 3, 4].map((seed) => aFuzzer(world.process, seed));
    await Promise.all(
      fuzzers.map(async (fuzzer) => {
        for (let input = 0; input < 300; input++) await fuzzer.next();
      }),
    );
    for (const fuzzer of fuzzers) fuzzer.close();
    expect(await world.replicas()).toBe(4);
    expect(world.process.log().filter(({ level }) => level === 'error')).toEqual([]);
    expect((await metrics()).rss).toBeLessThan(400 * MIB);
  });

  it('metadata of 4 MB is refused, and the next call answered', async () => {
    const big = aRef('vllm', { model: 'm', policy: 'x'.repeat(4 * MIB) });
    await expect(world.keda.getMetrics(big)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(await world.replicas()).toBe(4);
  });

  it('PromQL in any field reaches no query but quoted', async () => {
    const queries: string[] = [];
    let instants = 0;
    world.tiny.fault = ({ request, query, response, good }) => {
      queries.push(query);
      if (request.url?.endsWith('/query')) instants++;
      response.writeHead(200, { 'content-type': 'application/json' }).end(good());
    };
    for (const [index, [field, value]] of INJECTIONS.entries()) {
      await world.keda.getMetrics(aRef(`evil-${index}`, { [field]: value })).catch(() => {});
      await world.keda.getMetrics(aRef(value, {}, value)).catch(() => {});
    }
    const before = instants;
    await eventually(
      'two cycles',
      async () => instants,
      (count) => count >= before + 14,
    );
    world.tiny.fault = null;
    const bare = queries.map((query) => query.replace(/"(?:[^"\\]|\\.)*"/g, '""'));
    expect(bare.filter((query) => /99|x="|sum\(up\)/.test(query))).toEqual([]);
    expect(await world.replicas()).toBe(4);
  });

  it('300 streams whose reader does not read end with it, and hold up nobody', async () => {
    const session = connectHttp2(`http://${world.process.grpcAddress}`, {
      settings: { initialWindowSize: 0 },
    });
    session.on('error', () => {});
    const message = Buffer.from(
      '0a0476 6c6c6d12036c6c6d1a0c0a056d6f64656c12036d6f64'.replaceAll(' ', ''),
      'hex',
    );
    const head = Buffer.from([0, 0, 0, 0, message.length]);
    for (let index = 0; index < 300; index++) {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/externalscaler.ExternalScaler/StreamIsActive',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => {});
      stream.pause();
      stream.end(Buffer.concat([head, message]));
    }
    await pause(1_500);
    expect(await world.replicas()).toBe(4);
    session.destroy();
    expect(await world.replicas()).toBe(4);
  });

  it(`${NAMES} other names, thousands a second: it keeps a bounded number, says what it dropped, and the fleet in use never goes`, async () => {
    const flood = new PlainCalls(world.process.grpcAddress, 'GetMetricSpec');
    const before = await metrics();
    const watch = watchAnswers(world);
    const started = performance.now();
    let answered = 0;
    await abreast(NAMES, AT_ONCE, async (index) => {
      const { name, namespace, scalerMetadata } = aRef(`flood-${index}`, {}, `tenant-${index % 7}`);
      if (await flood.call(flood.write({ name, namespace, scalerMetadata }))) answered++;
    });
    const seconds = (performance.now() - started) / 1000;
    flood.close();
    expect(await watch.stop()).toBe(4);
    expect(answered).toBe(NAMES);
    const told = await eventually(
      'the log line',
      async () =>
        world.process.log().filter(({ msg }) => String(msg).startsWith('more fleets are asked for')),
      (lines) => lines.reduce((sum, { dropped }) => sum + Number(dropped), 0) >= NAMES - MAX_FLEETS,
    );
    expect(told[0]).toMatchObject({
      known: MAX_FLEETS,
      some: [expect.stringMatching(/^[^/]+\/(flood|so)-\d+$/), expect.anything(), expect.anything()],
    });
    const after = await metrics();
    expect(after.dropped - before.dropped).toBeGreaterThanOrEqual(NAMES - MAX_FLEETS);
    expect(after.rss).toBeLessThan(600 * MIB);
    const fleets = (await (await fetch(`${world.process.httpAddress}/v1/fleets`)).json()) as {
      name: string;
    }[];
    expect(fleets).toHaveLength(MAX_FLEETS);
    expect(fleets.map(({ name }) => name)).toContain('vllm');
    console.log(
      `${NAMES} names in ${seconds.toFixed(1)} s, ${Math.round(NAMES / seconds)} a second; ${Math.round(after.rss / MIB)} MiB resident after it`,
    );
  }, 120_000);
});
