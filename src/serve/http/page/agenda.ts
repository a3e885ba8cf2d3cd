import { html } from 'hono/html';
import type { AgendaEntry } from '../../../control/scaler.ts';
import { formatInstant } from '../../../core/instant.ts';
import { clock, type Html } from './layout.ts';

/** How far ahead the page and the endpoint look. */
export const HORIZON = 24 * 3_600_000;

const TICK = 3 * 3_600_000;
const TOP = 8;
const BASE = 112;

interface Band extends AgendaEntry {
  readonly until: number;
}

/** The calendar of the next day: bands for the eye, the same rows as a table. Empty without a calendar. */
export function agendaSection(entries: readonly AgendaEntry[], maxReplicas: number): Html {
  const first = entries[0];
  if (first === undefined) {
    return html`<section id="agenda" data-live><h2>The next day</h2><p class="muted">No calendar: bounds stay as they are.</p></section>`;
  }
  const bands = bandsOf(entries, first.at + HORIZON);
  return html`<section id="agenda" data-live><h2>The next day</h2>
${picture(bands, first.at, scaleOf(entries, maxReplicas))}
<table class="stack">
<thead><tr><th scope="col">From</th><th scope="col" class="number">Floor</th><th scope="col" class="number">Ceiling</th><th scope="col">Windows</th></tr></thead>
<tbody>${bands.map(
    ({ at, floor, ceiling, windows }) => html`<tr><th scope="row">${clock(at)}</th>
<td class="number" data-label="Floor">${floor}</td><td class="number" data-label="Ceiling">${ceiling ?? 'none'}</td><td class="sentence" data-label="Windows">${windows.join(', ') || 'none'}</td></tr>`,
  )}</tbody></table></section>`;
}

function bandsOf(entries: readonly AgendaEntry[], end: number): readonly Band[] {
  return entries.map((entry, index) => ({ ...entry, until: Math.min(entries[index + 1]?.at ?? end, end) }));
}

/** Replicas at the top of the picture; a policy without a real maximum must not flatten it. */
function scaleOf(entries: readonly AgendaEntry[], maxReplicas: number): number {
  const highest = Math.max(1, ...entries.map(({ floor, ceiling }) => Math.max(floor, ceiling ?? 0)));
  return Math.max(highest, Math.min(maxReplicas, 2 * highest));
}

/** Widths are percentages, so that the picture fits any screen while its letters keep their size. */
function picture(bands: readonly Band[], from: number, scale: number): Html {
  const x = (at: number): string => `${(((at - from) / HORIZON) * 100).toFixed(3)}%`;
  const y = (replicas: number): number => BASE - (replicas / scale) * (BASE - TOP);
  return html`<svg class="agenda" height="138" role="img" aria-label="Floor and ceiling of the calendar over the next 24 hours; the table below has the same">
${bands.map(({ at, until, floor, ceiling }) => {
  const width = `${(((until - at) / HORIZON) * 100).toFixed(3)}%`;
  const barred =
    ceiling === null
      ? ''
      : html`<rect class="ceiling" x="${x(at)}" width="${width}" y="${TOP}" height="${y(ceiling) - TOP}"/>`;
  return html`${barred}<rect class="floor" x="${x(at)}" width="${width}" y="${y(floor)}" height="${BASE - y(floor)}"/>${label(at, until, x(at), floor, ceiling, y)}`;
})}
<line class="axis" x1="0" x2="100%" y1="${BASE}" y2="${BASE}"/>
${ticks(from).map(
  (at, index) =>
    html`<text class="tick${index % 2 === 1 ? ' odd' : ''}" x="${x(at)}" y="${BASE + 18}" data-clock="${formatInstant(at)}">${formatInstant(at).slice(11, 16)}Z</text>`,
)}
</svg>`;
}

/** Bands too narrow for their words have them in the table only. */
function label(
  at: number,
  until: number,
  x: string,
  floor: number,
  ceiling: number | null,
  y: (n: number) => number,
): Html | '' {
  if (until - at < HORIZON / 8) return '';
  const floorText = floor === 0 ? '' : html`<text x="${x}" dx="6" y="${y(floor) + 16}">floor ${floor}</text>`;
  const ceilingText =
    ceiling === null ? '' : html`<text x="${x}" dx="6" y="${TOP + 16}">ceiling ${ceiling}</text>`;
  return html`${floorText}${ceilingText}`;
}

function ticks(from: number): readonly number[] {
  const first = Math.ceil((from + TICK / 3) / TICK) * TICK;
  const all: number[] = [];
  for (let at = first; at < from + HORIZON - TICK / 3; at += TICK) all.push(at);
  return all;
}
