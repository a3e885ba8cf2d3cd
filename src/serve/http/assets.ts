import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const OURS = ['page.js', 'chart.js', 'page.css', 'icon.svg'] as const;
const UPLOT = {
  'uplot.js': 'uplot/dist/uPlot.iife.min.js',
  'uplot.css': 'uplot/dist/uPlot.min.css',
} as const;

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files of the page, in memory. Their path holds a hash of them all, so that they may be cached for good. */
export interface Assets {
  readonly hash: string;
  href(file: AssetName): string;
  find(hash: string, file: string): { readonly body: string; readonly type: string } | undefined;
}

export type AssetName = (typeof OURS)[number] | keyof typeof UPLOT;

export function loadAssets(): Assets {
  const bodies = new Map<string, string>();
  for (const file of OURS)
    bodies.set(file, readFileSync(new URL(`./assets/${file}`, import.meta.url), 'utf8'));
  const require = createRequire(import.meta.url);
  for (const [file, path] of Object.entries(UPLOT))
    bodies.set(file, readFileSync(require.resolve(path), 'utf8'));
  const hash = hashOf(bodies);
  return {
    hash,
    href: (file) => `/assets/${hash}/${file}`,
    find: (asked, file) => {
      const body = asked === hash ? bodies.get(file) : undefined;
      return body === undefined
        ? undefined
        : { body, type: TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'text/plain' };
    },
  };
}

function hashOf(bodies: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [file, body] of bodies) hash.update(`${file}\0${body.length}\0${body}`);
  return hash.digest('hex').slice(0, 12);
}
