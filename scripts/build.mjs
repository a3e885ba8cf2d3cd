// The program as few files: finding and reading some 300 modules one by one was a fifth of a start.
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const src = join(root, 'src');
const out = process.argv[2] ?? join(root, 'dist');
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** Of more than a hundred modules each, of which a start needs most; the other packages stay as they were published. */
const BUNDLED = ['hono', 'zod'];

// Only what is ours to delete: names of chunks change with what is in them.
if (process.argv[2] === undefined) rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: ['cli.ts', 'backtest-worker.ts', 'grpc-thread.ts'].map((entry) => join(src, entry)),
  outdir: out,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: Object.keys(dependencies).filter((name) => !BUNDLED.includes(name)),
  legalComments: 'linked',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
  plugins: [{ name: 'places', setup: keepPlaces }],
});
for (const assets of ['serve/http/assets', 'simulate/backtest/assets'])
  cpSync(join(src, assets), join(out, assets), { recursive: true });

/** Modules find files by their own place. All that is built lies directly in `out`, so that place is told from there. */
function keepPlaces({ onLoad }) {
  onLoad({ filter: /\.ts$/ }, ({ path }) => {
    const place = JSON.stringify(relative(src, path).replace(/\.ts$/, '.js'));
    const source = readFileSync(path, 'utf8');
    return {
      loader: 'ts',
      contents: source.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`),
    };
  });
}
