import { formatInstant } from '../../core/instant.ts';
import { writtenPolicy } from '../../core/written-policy.ts';
import { formatDate } from '../civil-date.ts';
import type { Change } from './changes.ts';
import type { Days } from './days.ts';
import type { CapacityDiff } from './diff.ts';
import { type DiffReport, type DocumentDiff, isAlone } from './report.ts';
import type { SessionChange } from './sessions.ts';
import type { Asked } from './side.ts';

/** The report as one JSON value: every compared document, those without a change with empty lists. */
export function diffJson({ before, after, gpusPerReplica, documents }: DiffReport) {
  return {
    before,
    after,
    gpusPerReplica,
    documents: documents.map((each) => documentJson(each, gpusPerReplica)),
  };
}

function documentJson(document: DocumentDiff, gpusPerReplica: number) {
  const { kind, name, path, status, previousName, previousPath, fields } = document;
  const { beforeProblems, afterProblems, diff } = document;
  return {
    ...{ kind, name, path, status, previousName, previousPath, beforeProblems, afterProblems, fields },
    ...(diff ? capacityJson(diff, isAlone(document), gpusPerReplica) : {}),
  };
}

function capacityJson(diff: CapacityDiff, alone: boolean, gpusPerReplica: number) {
  const { timezone, range, firstEffect, balance, floorHours, notes } = diff;
  const change = balance.gained - balance.lost;
  const { after } = floorHours;
  return {
    timezone,
    ...range,
    notes,
    firstEffect: firstEffect === null ? null : formatInstant(firstEffect),
    replicaHours: hoursJson({ ...balance, before: floorHours.before, after, change }, alone, 1),
    gpuHours: hoursJson({ ...balance, before: floorHours.before, after, change }, alone, gpusPerReplica),
    ceilingReplicaHours: alone ? null : rounded(diff.ceilingHours),
    weeks: diff.weeks.map(({ week, gained, lost }) => ({
      week,
      replicaHours: rounded(gained - lost),
      gpuHours: rounded((gained - lost) * gpusPerReplica),
    })),
    changes: diff.changes.map((each) => changeJson(each, alone, gpusPerReplica)),
    sessions: diff.sessions.map(sessionJson),
  };
}

interface Hours {
  readonly before: number;
  readonly after: number;
  readonly gained: number;
  readonly lost: number;
  readonly change: number;
}

/** What was before is null where it is not known, and so is every change from it. */
function hoursJson({ before, after, gained, lost, change }: Hours, alone: boolean, factor: number) {
  const known = (value: number): number | null => (alone ? null : rounded(value * factor));
  return {
    before: known(before),
    after: rounded(after * factor),
    gained: known(gained),
    lost: known(lost),
    change: known(change),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6 || 0;
}

function changeJson(change: Change, alone: boolean, gpusPerReplica: number) {
  const { days, from, to, pieces, before, after, windows, replicaHours } = change;
  return {
    ...daysJson(days),
    from,
    to,
    floor: { before: alone ? null : before.floor, after: after.floor },
    ceiling: { before: alone ? null : before.ceiling, after: after.ceiling },
    policy: { before: alone ? null : policyOf(before), after: policyOf(after) },
    windows,
    replicaHours: rounded(replicaHours),
    gpuHours: rounded(replicaHours * gpusPerReplica),
    utc: pieces.map((piece) => ({ from: formatInstant(piece.from), to: formatInstant(piece.to) })),
  };
}

function policyOf({ policy }: Asked) {
  return writtenPolicy(policy);
}

function daysJson({ label, dates, except }: Days) {
  return { days: label, dates: dates.map(formatDate), except: except.map(formatDate) };
}

function sessionJson({ session, days, before, after, why }: SessionChange) {
  return { session, ...daysJson(days), before, after, why };
}
