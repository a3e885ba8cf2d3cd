import type { Calendar } from '../calendar/calendar.ts';
import type { Day, DayRange } from '../calendar/civil-date.ts';
import { parseDate } from '../calendar/civil-date.ts';
import { type CapacityDiff, diffCapacity } from '../calendar/diff/diff.ts';
import type { DocumentDiff, FieldChange } from '../calendar/diff/report.ts';
import { NOTHING, type Side } from '../calendar/diff/side.ts';
import { openZone, type Zone } from '../calendar/wall-time.ts';
import { type PolicyFields, resolvePolicy } from '../core/policy.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { writtenFields } from '../core/written-policy.ts';
import { type DocumentPair, type FilePair, pairDocuments } from './pair-documents.ts';
import type { CalendarSide, SideDocument, SideFile } from './side-documents.ts';

export interface DiffOptions {
  /** Dates; null: today, and the end of coverage (at most 400 days). */
  readonly from: Day | null;
  readonly to: Day | null;
  /** Epoch ms. */
  readonly now: number;
  readonly autoLeadMs: number;
  /** Calendars that policies may follow, by name; of the new side. */
  readonly calendars: ReadonlyMap<string, CalendarSide>;
}

/** Every calendar and policy of these files compared, in the order of their paths. */
export function diffDocuments(files: readonly FilePair[], options: DiffOptions): readonly DocumentDiff[] {
  const documents = pairDocuments(files).map((pair) => diffPair(pair, options));
  return [...files.flatMap(brokenFile), ...documents].sort((a, b) =>
    a.path === b.path ? 0 : a.path < b.path ? -1 : 1,
  );
}

/** A new file that is no YAML: its documents are not known, only that it is wrong. */
function brokenFile({ before, after }: FilePair): readonly DocumentDiff[] {
  if (!after || after.broken.length === 0) return [];
  const status = before ? ('changed' as const) : ('added' as const);
  return [
    {
      ...placeOf(before, after.path),
      kind: 'file',
      name: '',
      status,
      previousName: null,
      beforeProblems: [],
      afterProblems: after.broken,
      fields: [],
      diff: null,
    },
  ];
}

function diffPair({ before, after, brokenBefore }: DocumentPair, options: DiffOptions): DocumentDiff {
  const { kind, name, path } = after ?? before ?? { kind: 'file' as const, name: '', path: '' };
  const beforeProblems = brokenBefore?.broken ?? before?.problems ?? [];
  const afterProblems = after?.problems ?? [];
  const isAdded = before === null && brokenBefore === null;
  return {
    ...placeOf(before ?? brokenBefore, path),
    kind,
    name,
    status: after === null ? 'deleted' : isAdded ? 'added' : 'changed',
    previousName: before && before.name !== name ? before.name : null,
    beforeProblems,
    afterProblems,
    fields: fieldsOf(before, after),
    // A calendar that was broken and is gone leaves nothing to compare.
    diff:
      afterProblems.length > 0 || (after === null && beforeProblems.length > 0)
        ? null
        : capacity(before, after, options),
  };
}

function placeOf(before: SideFile | SideDocument | null, path: string) {
  return { path, previousPath: before && before.path !== path ? before.path : null };
}

function capacity(
  before: SideDocument | null,
  after: SideDocument | null,
  options: DiffOptions,
): CapacityDiff {
  const [old, now] = [sideOf(before, options), sideOf(after, options)];
  const zone = zoneOf(now.calendar ?? old.calendar);
  const range = rangeOf(zone, [old.calendar, now.calendar], options);
  const diff = diffCapacity({ before: old, after: now, range, zone, autoLeadMs: options.autoLeadMs });
  const isPolicy = (after ?? before)?.kind === 'policy';
  // Sessions and coverage of the calendar that a policy follows are the calendar's own story.
  return isPolicy ? { ...diff, sessions: [], notes: unseenCalendar(before, after, options) } : diff;
}

/** A broken side is like one that is not there; the report says which it is. */
function sideOf(document: SideDocument | null, { calendars }: DiffOptions): Side {
  if (!document || document.value === null) return NOTHING;
  if (document.kind === 'calendar')
    return { calendar: document.value, definitions: document.definitions, limits: null };
  const { minReplicas, maxReplicas } = resolvePolicy(document.value);
  const followed = calendars.get(document.value.calendar ?? '');
  return {
    calendar: followed?.value ?? null,
    definitions: followed?.definitions ?? new Map(),
    limits: { minReplicas, maxReplicas },
  };
}

function unseenCalendar(
  before: SideDocument | null,
  after: SideDocument | null,
  { calendars }: DiffOptions,
): readonly string[] {
  if (before !== null && after !== null && fieldsOf(before, after).length === 0) return [];
  const names = [before, after].flatMap((each) =>
    each?.kind === 'policy' && each.value?.calendar !== undefined ? [each.value.calendar] : [],
  );
  return [...new Set(names)]
    .filter((name) => !calendars.get(name)?.value)
    .map((name) => `the calendar ${name} is not here: the policy's own limits are compared without it`);
}

function zoneOf(calendar: Calendar | null): Zone {
  const zone = openZone(calendar?.timezone ?? 'UTC');
  if (!zone) throw new ScalerError('internal', `no rules for the zone ${calendar?.timezone}`);
  return zone;
}

export const DEFAULT_DAYS = 400;

function rangeOf(
  zone: Zone,
  calendars: readonly (Calendar | null)[],
  { from, to, now }: DiffOptions,
): DayRange {
  const first = from ?? zone.wallClock(now).day;
  const farthest = first + DEFAULT_DAYS - 1;
  const ends = calendars.map((calendar) => parseDate(calendar?.covers?.to ?? '') ?? farthest);
  // Without a calendar there is no coverage to end; after its end the weekly shape is all there is.
  const covered = Math.max(...ends.filter((_, index) => calendars[index]), Number.NEGATIVE_INFINITY);
  const last = covered >= first ? Math.min(covered, farthest) : farthest;
  return { from: first, to: Math.max(first, to ?? last) };
}

function fieldsOf(before: SideDocument | null, after: SideDocument | null): readonly FieldChange[] {
  if (before?.kind !== 'policy' || after?.kind !== 'policy' || !before.value || !after.value) return [];
  const [old, now] = [writtenFields(sorted(before.value)), writtenFields(sorted(after.value))];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((field) => {
    const change = { field, before: old.get(field) ?? null, after: now.get(field) ?? null };
    return change.before === change.after ? [] : [change];
  });
}

function sorted(fields: PolicyFields): PolicyFields {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}
