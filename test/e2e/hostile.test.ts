import { connect as connectHttp2 } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, pause, startWorld, type World } from '../support/fault-world.ts';
import { aFuzzer } from '../support/fuzz.ts';
import { aRef } from '../support/keda-client.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

async function rss(): Promise<number> {
  const text = await (await fetch(`${world.process.httpAddress}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
}
const MIB = 1024 * 1024;

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
    expect(await rss()).toBeLessThan(400 * MIB);
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

  it('3,000 other names in a few seconds cost memory that is bounded, and the fleet in use nothing', async () => {
    const before = await rss();
    for (let batch = 0; batch < 30; batch++) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          world.keda.getMetricSpec(aRef(`flood-${batch}-${index}`)).catch(() => {}),
        ),
      );
    }
    expect(await world.replicas()).toBe(4);
    expect((await rss()) - before).toBeLessThan(200 * MIB);
  });
});
