import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/**
 * `report.html`: one file that needs nothing else, neither network nor server. The report's JSON travels in a script element
 * of a type that browsers do not run.
 */
export async function reportPage(json: string): Promise<string> {
  const require = createRequire(import.meta.url);
  const asset = (name: string) => readFile(new URL(`./assets/${name}`, import.meta.url), 'utf8');
  const library = (path: string) => readFile(require.resolve(path), 'utf8');
  const [css, js, uplotCss, uplotJs] = await Promise.all([
    asset('report.css'),
    asset('report.js'),
    library('uplot/dist/uPlot.min.css'),
    library('uplot/dist/uPlot.iife.min.js'),
  ]);
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">`,
    '<title>Bellwether backtest</title>',
    '<link rel="icon" href="data:,">',
    `<style>${uplotCss}\n${css}</style>`,
    '</head>',
    '<body>',
    '<main id="report"><noscript>This report is drawn by its own script.</noscript></main>',
    `<script type="application/json" id="data">${embedded(json)}</script>`,
    `<script>${uplotJs}</script>`,
    `<script type="module">${js}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** JSON inside a script element: nothing in it may look like the element's end, or like a comment's beginning. */
function embedded(json: string): string {
  return json.trimEnd().replaceAll('<', '\\u003c');
}
