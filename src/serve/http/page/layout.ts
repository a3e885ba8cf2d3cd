import { html } from 'hono/html';
import type { ScalerHealth } from '../../../control/scaler.ts';
import { formatInstant } from '../../../core/instant.ts';
import type { Assets } from '../assets.ts';

/** Markup whose holes have been escaped. */
export type Html = ReturnType<typeof html>;

export interface Layout {
  readonly assets: Assets;
  readonly title: string;
  readonly health: ScalerHealth;
  /** The scaler's own clock, epoch ms: what countdowns run against, whatever the browser's clock says. */
  readonly now: number;
  readonly body: Html | readonly Html[];
}

/** The whole page. Sections with `data-live` are swapped by page.js for those of a newer answer. */
export function layout({ assets, title, health, now, body }: Layout): Html {
  return html`<!doctype html>
<html lang="en" data-now="${now}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${assets.href('icon.svg')}">
<link rel="stylesheet" href="${assets.href('uplot.css')}">
<link rel="stylesheet" href="${assets.href('page.css')}">
<script defer src="${assets.href('uplot.js')}"></script>
<script type="module" src="${assets.href('page.js')}"></script>
</head>
<body>
<header><a class="home" href="/">Bellwether</a><span class="muted" id="connection" role="status"></span></header>
${banner(health)}
<main>${body}</main>
<footer class="muted">Times are your browser's; hover one for UTC. <a href="/openapi.json">API</a> <a href="/metrics">Metrics</a></footer>
</body>
</html>
`;
}

/** What is wrong with the source or the configuration; an empty section while nothing is. */
function banner(health: ScalerHealth): Html {
  const { source, refused } = health;
  const down = source.up
    ? ''
    : html`<p><strong>${source.name} is down</strong>${source.error === null ? '' : `: ${source.error}`}. Last good reading: ${source.lastSuccess === null ? 'none' : clock(source.lastSuccess)}.</p>`;
  const late = health.ready
    ? ''
    : html`<p><strong>Not ready.</strong> Last turn of the evaluation loop: ${health.lastTurn === null ? 'none' : clock(health.lastTurn)}.</p>`;
  const files =
    refused.length === 0
      ? ''
      : html`<p><strong>The files on disk were refused;</strong> revision ${health.revision} keeps serving.</p>
<ul>${refused.map((problem) => html`<li><code>${problem}</code></li>`)}</ul>`;
  return html`<section id="banner" data-live aria-label="Health">${down}${late}${files}</section>`;
}

/** An instant: UTC as sent, turned into the browser's clock by page.js. */
export function clock(at: number | string): Html {
  const iso = typeof at === 'number' ? formatInstant(at) : at;
  return html`<time datetime="${iso}" title="${iso}">${iso}</time>`;
}

/** A value that may be an instant of ours; other text stays as it is. */
export function instantOr(text: string): Html | string {
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text) ? clock(text) : text;
}

/** An instant to come, counted down by page.js; `text` is what it says until then. */
export function countdown(iso: string, text: string): Html {
  return html`<time class="countdown" datetime="${iso}" title="${iso}" data-countdown>${text}</time>`;
}

/** What stands on the page when its fleet cannot be shown; live, so that the fleet appears once it can be. */
export function errorBody(message: string): Html {
  return html`<nav aria-label="Breadcrumb"><a href="/">Fleets</a></nav>
<section id="summary" data-live><h1>No answer</h1><p>${message}</p></section>`;
}
