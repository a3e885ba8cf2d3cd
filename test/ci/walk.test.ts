import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { builtCli } from '../support/built-cli.ts';
import { aRepository, type Repository } from './repository.ts';
import { filesOf, walk } from './walk.ts';

const PAGE = fileURLToPath(new URL('../../docs/calendar-review.md', import.meta.url));

/** The day on which the page plays. */
const CLOCK = `data:text/javascript,Date.now = () => ${Date.parse('2026-09-02T15:00:00Z')};`.replaceAll(
  ' ',
  '%20',
);

let repository: Repository;

beforeAll(async () => {
  repository = await aRepository();
});
afterAll(async () => {
  await repository?.remove();
});

it('docs/calendar-review.md shows what its commands print (vitest --update writes it anew)', async () => {
  const page = await readFile(PAGE, 'utf8');
  await repository.write({
    ...filesOf(page),
    'bin/bellwether': `#!/bin/sh\nexec ${process.execPath} ${builtCli()} "$@"\n`,
    '.gitignore': 'bin/\nbellwether-comment.md\nchange.diff\n',
  });
  await repository.run('chmod +x bin/bellwether');
  repository.commit('base');
  const walked = await walk(page, repository, {
    BELLWETHER: 'bellwether',
    NODE_OPTIONS: `--import=${CLOCK}`,
    PATH: `${join(repository.path, 'bin')}:${process.env.PATH}`,
  });
  await expect(walked).toMatchFileSnapshot(PAGE);
}, 120_000);
