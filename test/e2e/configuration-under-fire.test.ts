import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startWorld, type World } from '../support/fault-world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  for (const file of ['bellwether.yaml', 'policy.yaml', 'calendar.yaml'])
    kept.set(file, await readFile(join(world.folder.path, file), 'utf8'));
});
afterAll(() => world?.stop());

const readyz = async (): Promise<string> => (await fetch(`${world.process.httpAddress}/readyz`)).text();
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${world.process.httpAddress}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

interface Damage {
  readonly damage: string;
  readonly says: RegExp;
  readonly file: string;
  begin(path: string): Promise<unknown>;
}

/** What the files hold when all is well, read before the first damage. */
const kept = new Map<string, string>();
const good = (file: string): string => kept.get(file) ?? '';
const write = (text: string) => (path: string) => writeFile(path, text);

const DAMAGES: readonly Damage[] = [
  {
    damage: 'replaced by something else',
    file: 'policy.yaml',
    says: /policy\.yaml:2:1/,
    begin: write('hello: [world\n'),
  },
  {
    damage: 'cut in the middle',
    file: 'policy.yaml',
    says: /policy\.yaml/,
    begin: write('policy: default\nminReplicas: 1\nmaxRep'),
  },
  { damage: 'emptied', file: 'policy.yaml', says: /policy/, begin: write('') },
  { damage: 'deleted', file: 'policy.yaml', says: /policy/, begin: (path) => rm(path) },
  { damage: 'renamed', file: 'policy.yaml', says: /policy/, begin: (path) => rename(path, `${path}.bak`) },
  {
    damage: 'made of bytes that are no text',
    file: 'policy.yaml',
    says: /was not UTF-8/,
    begin: (path) => writeFile(path, Buffer.from([0xff, 0xfe, 0])),
  },
  {
    damage: 'made 10 MB large',
    file: 'policy.yaml',
    says: /was larger than/,
    begin: write(`# ${'x'.repeat(10 * 1024 * 1024)}\n`),
  },
  {
    damage: 'made unreadable',
    file: 'policy.yaml',
    says: /must be a file that can be read/,
    begin: async (path) => {
      await rm(path);
      // Permissions do not bind root, which tests may run as; a link to itself cannot be read by anybody.
      await symlink(path, path);
    },
  },
  {
    damage: 'made a directory',
    file: 'policy.yaml',
    says: /matches no file/,
    begin: async (path) => {
      await rm(path);
      await mkdir(path);
    },
  },
  { damage: 'emptied', file: 'bellwether.yaml', says: /bellwether\.yaml/, begin: write('') },
  { damage: 'deleted', file: 'bellwether.yaml', says: /was missing/, begin: (path) => rm(path) },
  {
    damage: 'cut in the middle',
    file: 'calendar.yaml',
    says: /calendar\.yaml/,
    begin: write('calendar: floors\ntimezone: U'),
  },
];

/** `BELLWETHER_WRITES=1000` for what a minute of a broken controller writes. */
const WRITES = Number(process.env.BELLWETHER_WRITES ?? 50);

describe('a configuration file that serves', { timeout: 60_000 + WRITES * 300 }, () => {
  it.each(DAMAGES)(
    '$file may be $damage: the last good revision serves, loudly',
    async ({ begin, says, file }) => {
      const path = join(world.folder.path, file);
      const text = good(file);
      await begin(path);
      try {
        await eventually('the refusal', readyz, (body) => says.test(body));
        expect(await metric('bellwether_config_valid')).toBe(0);
        expect((await world.explain()).warnings?.join()).toMatch(
          /the configuration on disk is refused, revision \w+ keeps serving/,
        );
        expect(await world.replicas()).toBe(4);
      } finally {
        await rm(path, { recursive: true, force: true });
        await rm(`${path}.bak`, { force: true });
        await writeFile(path, text);
      }
      await eventually(
        'the repair',
        () => metric('bellwether_config_valid'),
        (valid) => valid === 1,
      );
      expect(await world.replicas()).toBe(4);
    },
  );

  it(`may be written ${WRITES} times: the last state serves, and memory does not grow with the reloads`, async () => {
    const before = await metric('process_resident_memory_bytes');
    for (let count = 0; count < WRITES; count++) {
      await world.floor(count % 2 === 0 ? 1 : 2);
      if (count % 10 === 9)
        await world.folder.write('policy.yaml', `${good('policy.yaml')}maxReplica: ${count}\n`);
      await new Promise((resolve) => setTimeout(resolve, count % 5 === 0 ? 250 : 20));
    }
    await world.folder.write('policy.yaml', good('policy.yaml'));
    await world.floor(7);
    await eventually('the last state', world.replicas, (value) => value === 7);
    expect((await metric('process_resident_memory_bytes')) - before).toBeLessThan(150 * 1024 * 1024);
  });
});
