import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../', import.meta.url);
const page = await readFile(new URL('docs/reliability.md', ROOT), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (fault|---) \|/.test(line));

/** The last cell: a file, and words of a test's name or of its row. */
function testOf(row: string): { file: string; name: string } | undefined {
  const [, file, , name] = /`(test\/[\w./-]+)` › (`+)(.+?)\2 \|$/.exec(row) ?? [];
  return file === undefined || name === undefined ? undefined : { file, name };
}

describe('docs/reliability.md', () => {
  it('has a table of faults', () => {
    expect(rows.length).toBeGreaterThan(50);
  });

  it('names a test that exists in every line', async () => {
    const wrong: string[] = [];
    for (const row of rows) {
      const named = testOf(row);
      const source = named && (await readFile(new URL(named.file, ROOT), 'utf8').catch(() => ''));
      if (!source?.includes(named?.name ?? '\0')) wrong.push(row);
    }
    expect(wrong).toEqual([]);
  });

  it('tells of every fault of Prometheus that is tested', async () => {
    const source = await readFile(new URL('test/e2e/faults.test.ts', ROOT), 'utf8');
    const tested = [...source.matchAll(/(?:fault: |(?:broken|pods)\(\s*)'([^']+)'/g)].map(([, name]) => name);
    expect(tested.length).toBeGreaterThanOrEqual(30);
    expect(new Set(rows.map((row) => testOf(row)?.name))).toEqual(
      new Set([...new Set(rows.map((row) => testOf(row)?.name)), ...tested]),
    );
  });
});
