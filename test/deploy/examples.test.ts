import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkFiles } from '../../src/config/check.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = join(ROOT, 'deploy/examples');
const NOW = Date.parse('2026-07-01T12:00:00Z');

describe('deploy/examples', () => {
  it.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml') && name !== 'bellwether.yaml'))(
    '%s passes check beside the configuration, without a warning',
    async (name) => {
      const report = await checkFiles([join(EXAMPLES, name), join(EXAMPLES, 'bellwether.yaml')], NOW);
      expect(report.problems).toEqual([]);
      expect(report.files).toContain(join(EXAMPLES, name));
    },
  );

  it.each([
    ['1.34', 'many-models.yaml', 2],
    ['1.35', 'many-models.yaml', 0],
    ['1.34', 'fleet-with-buffer.yaml', 0],
  ])('on Kubernetes %s %s has %i settings that it drops', async (kubernetes, name, count) => {
    const files = [join(EXAMPLES, name), join(EXAMPLES, 'bellwether.yaml')];
    const { problems } = await checkFiles(files, NOW, { kubernetes });
    expect(problems.filter(({ message }) => message.includes('is dropped by'))).toHaveLength(count);
  });
});
