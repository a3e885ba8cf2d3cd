import { html } from 'hono/html';
import type { FleetLine } from '../../../control/scaler.ts';
import type { FleetId } from '../../../core/fleet.ts';
import { numberText } from '../../step-inputs.ts';
import { clock, type Html } from './layout.ts';

/** The list of all fleets: what each has, and why. */
export function fleetsPage(lines: readonly FleetLine[]): Html {
  return html`<h1>Fleets</h1>
<section id="fleets" data-live>${lines.length === 0 ? empty() : table(lines)}</section>`;
}

function empty(): Html {
  return html`<p>No fleet yet: one appears when KEDA asks for it, or when bellwether.yaml lists it under <code>fleets</code>.</p>`;
}

function table(lines: readonly FleetLine[]): Html {
  return html`<table class="stack">
<caption>${lines.length} ${lines.length === 1 ? 'fleet' : 'fleets'}</caption>
<thead><tr><th scope="col">Fleet</th><th scope="col">Model</th><th scope="col" class="number">Replicas</th><th scope="col" class="number">Ready</th><th scope="col">Reason</th><th scope="col">Decided</th></tr></thead>
<tbody>${lines.map(row)}</tbody>
</table>`;
}

function row({ id, mode, record }: FleetLine): Html {
  const name = `${id.namespace}/${id.name}`;
  return html`<tr>
<th scope="row"><a href="${fleetHref(id)}">${name}</a> ${badges({ role: id.role, mode, held: record?.held ?? null })}</th>
<td data-label="Model">${id.model}</td>
<td class="number" data-label="Replicas">${record ? numberText(record.replicas) : '-'}</td>
<td class="number" data-label="Ready">${record ? numberText(record.replicaFacts.ready) : '-'}</td>
<td class="sentence" data-label="Reason">${record ? record.reason : 'not decided yet'}</td>
<td data-label="Decided">${record ? clock(record.at) : '-'}</td>
</tr>`;
}

/** What sets a fleet apart from an ordinary one: a buffer, advisory, held. */
export function badges({ role, mode, held }: { role: string; mode: string; held: string | null }): Html {
  return html`${role === 'buffer' ? html`<span class="badge">buffer</span>` : ''}${mode === 'advisory' ? html`<span class="badge">advisory</span>` : ''}${held === null ? '' : html`<span class="badge warn">held: ${held}</span>`}`;
}

/** The address of a fleet's page; role and model are named, so that siblings of one ScaledObject differ. */
export function fleetHref({ namespace, name, role, model }: FleetId): string {
  const query = new URLSearchParams({ role, model });
  return `/fleets/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}?${query}`;
}
