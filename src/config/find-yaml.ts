import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface FoundFile {
  readonly path: string;
  /** Named itself, and not found in a directory. */
  readonly named: boolean;
}

/** The YAML files that `paths` name or hold, each once, in order; and what of `paths` is not there. */
export async function findYaml(
  paths: readonly string[],
): Promise<{ readonly files: readonly FoundFile[]; readonly missing: readonly string[] }> {
  const files = new Map<string, FoundFile>();
  const missing: string[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch(() => undefined);
    if (stats === undefined) missing.push(path);
    else if (stats.isDirectory()) {
      for (const found of await yamlBelow(path))
        if (!files.has(found)) files.set(found, { path: found, named: false });
    } else files.set(join(path), { path: join(path), named: true });
  }
  return { files: [...files.values()], missing };
}

/** Links are not followed to directories; templates of a Helm chart are no YAML before they are rendered. */
async function yamlBelow(directory: string): Promise<readonly string[]> {
  const entries = (await readdir(directory, { withFileTypes: true }).catch(() => [])).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const isChart = entries.some(({ name }) => name === 'Chart.yaml');
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
      if (entry.isDirectory()) return isChart && entry.name === 'templates' ? [] : yamlBelow(path);
      return /\.ya?ml$/.test(entry.name) ? [path] : [];
    }),
  );
  return found.flat();
}
