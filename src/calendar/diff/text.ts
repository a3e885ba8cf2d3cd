import { formatProblem } from '../../core/problem.ts';
import { table } from '../table.ts';
import { openZone, type Zone } from '../wall-time.ts';
import type { CapacityDiff } from './diff.ts';
import { type DiffReport, type DocumentDiff, isAlone, tellsAnything } from './report.ts';
import { changeRows, type RowOptions, sessionRows, weekRows } from './rows.ts';
import { amount, localInstant, signed } from './words.ts';

/** The report for a terminal; empty when there is nothing to tell. */
export function diffText({ documents, gpusPerReplica }: DiffReport): string {
  return documents
    .filter(tellsAnything)
    .map((document) => documentText(document, gpusPerReplica))
    .join('\n\n\n');
}

function documentText(document: DocumentDiff, gpusPerReplica: number): string {
  const { diff, fields, beforeProblems, afterProblems } = document;
  const parts = [headline(document)];
  if (afterProblems.length > 0) parts.push(listed('is broken:', afterProblems.map(formatProblem)));
  if (beforeProblems.length > 0)
    parts.push(listed('was broken before, so only the new one is shown:', beforeProblems.map(formatProblem)));
  if (fields.length > 0)
    parts.push(
      table(
        fields.map(({ field, before, after }) => [field, `${before ?? 'default'} -> ${after ?? 'default'}`]),
      ),
    );
  if (diff) parts.push(...capacityText(diff, isAlone(document), gpusPerReplica));
  return parts.join('\n\n');
}

function listed(head: string, lines: readonly string[]): string {
  return [head, ...lines.map((line) => `  ${line}`)].join('\n');
}

/** `calendar us-equities, calendars/us-equities.yaml, deleted`. */
export function headline({ kind, name, path, status, previousName, previousPath }: DocumentDiff): string {
  const called = kind === 'file' ? 'file' : `${kind} ${name || '(without a name)'}`;
  const was = [
    ...(previousName === null ? [] : [`was called ${previousName || '(without a name)'}`]),
    ...(previousPath === null ? [] : [`was ${previousPath}`]),
    ...(status === 'changed' ? [] : [status === 'added' ? 'new' : 'deleted']),
  ];
  return [`${called}, ${path}`, ...was].join(', ');
}

function capacityText(diff: CapacityDiff, alone: boolean, gpusPerReplica: number): readonly string[] {
  const zone = zoneOf(diff);
  const options: RowOptions = { zone, gpusPerReplica, isAlone: alone };
  const parts = [summary(diff, options)];
  if (diff.notes.length > 0) parts.push(diff.notes.join('\n'));
  if (diff.changes.length > 0) parts.push(table(changeRows(diff.changes, options)));
  if (diff.weeks.length > 0) parts.push(table(weekRows(diff.weeks, options)));
  if (diff.sessions.length > 0) parts.push(table(sessionRows(diff)));
  return parts;
}

export function zoneOf({ timezone }: CapacityDiff): Zone {
  const zone = openZone(timezone);
  if (!zone) throw new Error(`no rules for the zone ${timezone}`);
  return zone;
}

/** What it comes to, and from when on: two or three lines. */
export function summary(diff: CapacityDiff, options: RowOptions): string {
  const { range, firstEffect, ceilingHours } = diff;
  const span = `${range.from} to ${range.to}`;
  if (firstEffect === null) return `no change of capacity from ${span}`;
  const lines = [`${totals(diff, options)}, ${span}`];
  lines.push(`first effect ${localInstant(firstEffect, options.zone)}`);
  if (ceilingHours !== 0)
    lines.push(`ceilings allow ${signed(ceilingHours)} replica-hours where there is one before and after`);
  return lines.join('\n');
}

/** `-6 replica-hours, -48 GPU-hours at 8 GPUs a replica (gained 0, lost 6)`. */
export function totals(
  { balance, floorHours }: CapacityDiff,
  { gpusPerReplica, isAlone }: RowOptions,
): string {
  const gpus = `at ${gpusPerReplica} GPU${gpusPerReplica === 1 ? '' : 's'} a replica`;
  if (isAlone) {
    const total = floorHours.after;
    return `asks for ${amount(total)} replica-hours, ${amount(total * gpusPerReplica)} GPU-hours ${gpus}`;
  }
  const change = balance.gained - balance.lost;
  const both =
    balance.gained > 0 && balance.lost > 0
      ? ` (gained ${amount(balance.gained)}, lost ${amount(balance.lost)})`
      : '';
  return `${signed(change)} replica-hours${both}, ${signed(change * gpusPerReplica)} GPU-hours ${gpus}`;
}
