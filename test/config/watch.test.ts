import { appendFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadRevision } from '../../src/config/load.ts';
import type { Revision } from '../../src/config/revision.ts';
import { type RevisionWatch, watchRevision } from '../../src/config/watch.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { aConfiguration, aDirectory, CALENDAR, MAIN, POLICY, write } from './files.ts';

let watch: RevisionWatch | undefined;
afterEach(() => watch?.close());

/** A watch that has read the files once; `events` says what it told. Polling is off unless asked for. */
async function aWatch(directory: string, pollMs = 1_000_000) {
  const file = join(directory, 'bellwether.yaml');
  const loaded = await loadRevision(file);
  if ('problems' in loaded) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const events: string[] = [];
  const started = watchRevision({
    file,
    initial: loaded.revision,
    onRevision: (revision) => void events.push(`revision ${revision.id}`),
    onRefused: (problems) => void events.push(`refused ${problems.length}`),
    debounceMs: 5,
    pollMs,
  });
  watch = started;
  await started.check();
  return { watch: started, events, initial: loaded.revision };
}

const minOf = (revision: Revision) => revision.policies.get('default')?.minReplicas;
const soon = { timeout: 5_000, interval: 5 };

describe('watchRevision', () => {
  it('takes a changed file over', async () => {
    const directory = await aConfiguration();
    const { watch, events } = await aWatch(directory);
    await write(directory, 'policies/default.yaml', `${POLICY}minReplicas: 3\n`);
    await vi.waitFor(() => expect(minOf(watch.current())).toBe(3), soon);
    expect(events).toEqual([`revision ${watch.current().id}`]);
  });

  it('takes over what an editor writes beside the file and renames over it', async () => {
    const directory = await aConfiguration();
    const { watch } = await aWatch(directory);
    await write(directory, 'policies/.default.yaml.swp', `${POLICY}minReplicas: 2\n`);
    await rename(join(directory, 'policies/.default.yaml.swp'), join(directory, 'policies/default.yaml'));
    await vi.waitFor(() => expect(minOf(watch.current())).toBe(2), soon);
  });

  it('sees a new file that a glob matches', async () => {
    const directory = await aConfiguration();
    const { watch } = await aWatch(directory);
    await write(directory, 'policies/night.yaml', 'policy: night\nmaxReplicas: 1\n');
    await vi.waitFor(() => expect([...watch.current().policies.keys()]).toContain('night'), soon);
  });

  it('follows the ..data link of a mounted ConfigMap', async () => {
    const directory = await aDirectory({});
    const version = async (name: string, policy: string) => {
      await write(
        directory,
        `..${name}/bellwether.yaml`,
        MAIN.replace('policies/*', './*-policy').replace('calendars/*', './*-calendar'),
      );
      await write(directory, `..${name}/default-policy.yaml`, policy);
      await write(directory, `..${name}/desk-calendar.yaml`, CALENDAR);
      await symlink(`..${name}`, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    await version('2026_01', POLICY);
    for (const name of ['bellwether.yaml', 'default-policy.yaml', 'desk-calendar.yaml']) {
      await symlink(`..data/${name}`, join(directory, name));
    }
    const { watch, events } = await aWatch(directory);
    await version('2026_02', `${POLICY}minReplicas: 4\n`);
    await rm(join(directory, '..2026_01'), { recursive: true });
    await vi.waitFor(() => expect(minOf(watch.current())).toBe(4), soon);
    expect(watch.refused()).toEqual([]);
    expect(events.filter((event) => event.startsWith('revision'))).toHaveLength(1);
  });

  it('keeps the last good revision while a file is broken, and says why', async () => {
    const directory = await aConfiguration();
    const { watch, events, initial } = await aWatch(directory);
    await write(directory, 'policies/default.yaml', `${POLICY}minReplica: 3\n`);
    await vi.waitFor(
      () =>
        expect(watch.refused().map(formatProblem)).toEqual([
          expect.stringMatching(/default\.yaml:4:1 minReplica: must be a known key/),
        ]),
      soon,
    );
    expect(watch.current()).toBe(initial);
    await write(directory, 'policies/default.yaml', POLICY);
    await vi.waitFor(() => expect(watch.refused()).toEqual([]), soon);
    expect(watch.current().id).toBe(initial.id);
    // The end of a refusal is told, though the content is what it was.
    expect(events).toEqual(['refused 1', `revision ${initial.id}`]);
  });

  it('outlives a file, and a directory, that is deleted and made again', async () => {
    const directory = await aConfiguration();
    const { watch, initial } = await aWatch(directory);
    await rm(join(directory, 'policies'), { recursive: true });
    await vi.waitFor(() => expect(watch.refused().length).toBeGreaterThan(0), soon);
    expect(watch.current()).toBe(initial);
    await write(directory, 'policies/default.yaml', `${POLICY}minReplicas: 2\n`);
    await watch.check();
    expect(minOf(watch.current())).toBe(2);
    await write(directory, 'policies/default.yaml', `${POLICY}minReplicas: 3\n`);
    await vi.waitFor(() => expect(minOf(watch.current())).toBe(3), soon);
  });

  it('makes no new revision of files that are written with what they had', async () => {
    const directory = await aConfiguration();
    const { watch, events, initial } = await aWatch(directory);
    await write(directory, 'policies/default.yaml', POLICY);
    await watch.check();
    expect(watch.current()).toBe(initial);
    expect(events).toEqual([]);
  });

  it('notices by polling what no event tells: a secret that appears outside the watched directories', async () => {
    const elsewhere = await aDirectory({ token: 'x' });
    const directory = await aConfiguration({
      'bellwether.yaml': MAIN.replace('9090"', `9090", bearerTokenFile: "${join(elsewhere, 'token')}"`),
    });
    const { watch } = await aWatch(directory, 20);
    await rm(join(elsewhere, 'token'));
    await vi.waitFor(() => expect(watch.refused()).toHaveLength(1), soon);
    await writeFile(join(elsewhere, 'token'), 'y');
    await vi.waitFor(() => expect(watch.refused()).toEqual([]), soon);
  });

  it('says nothing more once it is closed', async () => {
    const directory = await aConfiguration();
    const { watch, events } = await aWatch(directory);
    watch.close();
    await appendFile(join(directory, 'policies/default.yaml'), 'minReplicas: 2\n');
    await mkdir(join(directory, 'policies/x'));
    await watch.check();
    expect(events).toEqual([]);
  });
});
