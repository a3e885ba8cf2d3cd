import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkFiles } from '../../src/config/check.ts';
import type { ClusterVersions } from '../../src/config/scaled-object-scene.ts';
import { aDirectory } from '../config/files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = join(ROOT, 'deploy/examples');
const NOW = Date.parse('2026-07-01T12:00:00Z');

/** The examples' own configuration, with the one calendar that its policies name. */
const MAIN = `prometheus: {url: "http://prometheus:9090"}
policies: ["${EXAMPLES}/policies/*.yaml"]
calendars: ["${ROOT}calendars/us-equities.yaml"]
defaults: {policy: default}
`;

async function check(name: string, versions: ClusterVersions = {}) {
  const directory = await aDirectory({ 'bellwether.yaml': MAIN });
  return checkFiles([join(EXAMPLES, name), directory], NOW, versions);
}

describe('deploy/examples', () => {
  it.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml') && name !== 'bellwether.yaml'))(
    '%s passes check beside the policies, without a warning',
    async (name) => {
      const report = await check(name);
      expect(report.problems).toEqual([]);
      expect(report.files).toContain(join(EXAMPLES, name));
    },
  );

  it.each([
    ['1.34', 'many-models.yaml', 2],
    ['1.35', 'many-models.yaml', 0],
    ['1.34', 'fleet-with-buffer.yaml', 0],
  ])('on Kubernetes %s %s has %i settings that it drops', async (kubernetes, name, count) => {
    const { problems } = await check(name, { kubernetes });
    expect(problems.filter(({ message }) => message.includes('is dropped by'))).toHaveLength(count);
  });
});
