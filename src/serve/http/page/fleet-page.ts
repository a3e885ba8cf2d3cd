import { html } from 'hono/html';
import type { AgendaEntry } from '../../../control/scaler.ts';
import { boundsRows, headline, relativeText } from '../../explain-text.ts';
import { inputPairs, numberText } from '../../step-inputs.ts';
import type { RecordJson } from '../record-json.ts';
import { agendaSection } from './agenda.ts';
import { badges } from './fleets-page.ts';
import { clock, countdown, type Html, instantOr } from './layout.ts';

export interface FleetPage {
  readonly record: RecordJson;
  readonly agenda: readonly AgendaEntry[];
  /** Where page.js gets the points of the chart. */
  readonly chartHref: string;
}

/** Why N: everything on it is the record's, in the record's words. */
export function fleetPage({ record, agenda, chartHref }: FleetPage): readonly Html[] {
  return [
    html`<nav aria-label="Breadcrumb"><a href="/">Fleets</a> <span aria-hidden="true">›</span> ${record.fleet.namespace}/${record.fleet.name}</nav>`,
    summary(record),
    html`<section aria-labelledby="chart-title"><h2 id="chart-title">The last hours</h2>
<div id="chart" data-href="${chartHref}" role="img" aria-label="Demand, floor, target and ready replicas over the last hours"></div>
<noscript><p class="muted">The chart needs JavaScript; its points are at <a href="${chartHref}">${chartHref}</a>.</p></noscript></section>`,
    agendaSection(agenda, record.bounds.max),
    steps(record),
    details(record),
  ];
}

function summary(record: RecordJson): Html {
  const { fleet, held, heldBecause, mode, bounds, replicaFacts } = record;
  const tiles: [string, string][] = [
    [fleet.role === 'buffer' ? 'pause pods' : 'replicas', numberText(record.replicas)],
    ['ready', numberText(replicaFacts.ready)],
    ['starting', numberText(replicaFacts.starting)],
    ['demand', numberText(record.demand)],
    ['floor', numberText(bounds.floor)],
    ['ceiling', bounds.ceiling === null ? 'none' : numberText(bounds.ceiling)],
  ];
  return html`<section id="summary" data-live>
<h1>${headline(record)}</h1>
<p class="muted">${badges({ role: fleet.role, mode, held })} model ${fleet.model || 'any'} · decided ${clock(record.at)} · revision ${record.revision}${record.recomputed ? " · recomputed with today's configuration" : ''}</p>
${heldBecause === null ? '' : html`<p class="held">${heldBecause}</p>`}
<dl class="tiles">${tiles.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<div class="columns">
<div><h2>Next</h2>${next(record)}</div>
<div><h2>Timers running</h2>${timers(record)}</div>
</div>
</section>`;
}

function next({ next: coming, at }: RecordJson): Html {
  if (coming === null) return html`<p class="muted">Nothing is due.</p>`;
  const count = coming.replicas === undefined ? '' : html`<strong>${coming.replicas} replicas:</strong> `;
  return html`<p>${countdown(coming.at, relativeText(coming.at, at))} (${clock(coming.at)}): ${count}${coming.why}</p>`;
}

function timers({ timers: running, at }: RecordJson): Html {
  if (running.length === 0) return html`<p class="muted">None.</p>`;
  return html`<ul>${running.map(
    (timer) =>
      html`<li><strong>${timer.name}</strong> ${countdown(timer.at, relativeText(timer.at, at))} (${clock(timer.at)}): ${timer.what}; since ${clock(timer.since)}</li>`,
  )}</ul>`;
}

function steps(record: RecordJson): Html {
  return html`<section id="steps" data-live><h2>How the number came about</h2>
<table class="stack">
<thead><tr><th scope="col">Step</th><th scope="col" class="number">In</th><th scope="col" class="number">Out</th><th scope="col">Reason</th><th scope="col">Its numbers</th></tr></thead>
<tbody>${record.steps.map(
    ({ step, in: before, out, reason, inputs }) => html`<tr${before !== out ? html` class="changed"` : ''}>
<th scope="row">${step}</th>
<td class="number" data-label="In">${numberText(before)}</td>
<td class="number" data-label="Out">${numberText(out)}</td>
<td class="sentence" data-label="Reason">${reason}</td>
<td class="inputs" data-label="Numbers">${inputPairs(inputs).map(([name, value]) => html`<span><i>${name}</i> ${instantOr(value)}</span> `)}</td>
</tr>`,
  )}</tbody></table></section>`;
}

function details(record: RecordJson): Html {
  const { replicaFacts: facts } = record;
  return html`<section id="details" data-live class="columns">
<div><h2>Signals</h2>${record.signals.map(signal)}</div>
<div><h2>Bounds</h2>${list(boundsRows(record))}</div>
<div><h2>Replicas</h2>${list([
    ['spec', numberText(facts.spec)],
    ['ready', numberText(facts.ready)],
    ['starting', numberText(facts.starting)],
    ['unschedulable', numberText(facts.unschedulable)],
    ['read from', facts.source],
  ])}</div>
</section>`;
}

function signal({ name, kind, value, demand, observedAt, why }: RecordJson['signals'][number]): Html {
  return html`<p><strong>${name}</strong> <span class="badge${kind === 'fresh' ? '' : ' warn'}">${kind}</span> ${numberText(value)}, asks for ${demand === null ? 'nothing' : numberText(demand)}${observedAt === null ? '' : html`, seen ${clock(observedAt)}`}${why === null ? '' : `: ${why}`}</p>`;
}

function list(rows: readonly (readonly [string, string])[]): Html {
  return html`<dl class="pairs">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
