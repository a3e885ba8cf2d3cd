import { openZone } from '../calendar/wall-time.ts';
import { isScaledObject } from '../config/scaled-object.ts';
import { parseYaml, type YamlDocument } from '../config/yaml.ts';
import { formatDuration } from '../core/duration.ts';
import { type CronHours, cronHours, cronWeek } from './cron-week.ts';
import { leftAlone, lineOf, listAt, mapAt, shownShort, textOf } from './source-lines.ts';
import type { Note, Translated, Translation } from './translation.ts';
import { type WeekEntry, weekEntries, weekTime } from './week-entries.ts';
import { kebab } from './yaml-text.ts';

/** A cron trigger that can be said as a window. */
interface CronWindow {
  readonly name: string;
  readonly timezone: string;
  readonly floor: number;
  readonly hours: CronHours;
  readonly line: number;
}

/** The cron triggers of KEDA ScaledObjects as calendars with windows: one calendar for each time zone of each object. */
export function translateCron(text: string, { file }: { readonly file: string }): Translated {
  const { documents, problems } = parseYaml(text, file);
  if (problems.length > 0) return { problems };
  const objects = documents.filter(
    ({ value }) =>
      isScaledObject(value) &&
      listAt(value, 'spec', 'triggers').some((trigger) => mapAt(trigger).type === 'cron'),
  );
  const translations = objects.map(ofScaledObject);
  if (translations.length === 0) {
    const message = 'must hold a ScaledObject with a trigger of type cron';
    return { problems: [{ severity: 'error', file, line: 1, column: 1, path: '', message }] };
  }
  const found = translations.flatMap((each) => each.documents);
  const notes = [...translations.flatMap((each) => each.notes), ...leftAlone(documents, objects)];
  if (found.length > 0) return { documents: found, notes: [...notes, ...STANDING] };
  const lost = notes.filter(({ kind }) => kind === 'lost');
  return {
    problems: lost.map(({ line, text: message }) => ({
      severity: 'error',
      file,
      line: line ?? 1,
      column: 1,
      path: '',
      message: `must be a trigger that can be said as a window: ${message}`,
    })),
  };
}

/** How the same hours differ between KEDA's cron and a window. */
const STANDING: readonly Note[] = [
  {
    kind: 'differs',
    line: null,
    text: "KEDA's HPA takes the highest of all triggers; here the floor holds beside the demand, and no other trigger is needed for it",
  },
  {
    kind: 'differs',
    line: null,
    text: 'KEDA starts replicas at the start; here the floor is asked for a cold start earlier, so that they are Ready then (lead: 0s on the window turns it off)',
  },
  {
    kind: 'differs',
    line: null,
    text: "KEDA's cron knows no holidays, early closes or coverage: add holidays and covers, or follow a calendar of calendars/",
  },
  {
    kind: 'differs',
    line: null,
    text: "KEDA's replicas end with `end` and cooldownPeriod or the HPA's scale-down window; here the floor ends, and downscaleDelay follows",
  },
  {
    kind: 'differs',
    line: null,
    text: "outside its hours KEDA's cron asks for 1 replica; here minReplicas of the policy holds",
  },
];

function ofScaledObject(document: YamlDocument): Translation {
  const { value } = document;
  const triggers = listAt(value, 'spec', 'triggers');
  const notes: Note[] = [];
  const windows: CronWindow[] = [];
  for (const [index, trigger] of triggers.entries()) {
    const line = lineOf(document, ['spec', 'triggers', index]);
    const type = mapAt(trigger).type;
    if (type !== 'cron') {
      notes.push({
        kind: 'lost',
        line,
        text: `trigger of type ${shownShort(type)}: a calendar holds hours only; demand is the policy's (docs/policy.md)`,
      });
      continue;
    }
    const read = readTrigger(trigger, { index, line });
    notes.push(...read.notes);
    if (read.window) windows.push(read.window);
  }
  notes.push(...boundNotes(document));
  const name = kebab(textOf(mapAt(value, 'metadata').name) ?? '', 'schedule');
  return { documents: calendars(name, windows, notes), notes };
}

interface Place {
  readonly index: number;
  readonly line: number;
}

function readTrigger(
  trigger: unknown,
  { index, line }: Place,
): { readonly window: CronWindow | null; readonly notes: readonly Note[] } {
  const { timezone, start, end, desiredReplicas } = mapAt(trigger, 'metadata');
  const lost = (text: string) => ({
    window: null,
    notes: [{ kind: 'lost' as const, line, text: `cron trigger ${index}: ${text}` }],
  });
  if (!openZone(String(timezone))) return lost(`timezone ${shownShort(timezone)} is no IANA time zone`);
  const floor = Number(desiredReplicas);
  if (!/^\d{1,6}$/.test(String(desiredReplicas)) || floor < 1 || floor > 100_000)
    return lost(`desiredReplicas ${shownShort(desiredReplicas)} is not a number of replicas`);
  const [starts, ends] = [cronWeek(String(start)), cronWeek(String(end))];
  if ('why' in starts) return lost(`start ${shownShort(start)} ${starts.why}`);
  if ('why' in ends) return lost(`end ${shownShort(end)} ${ends.why}`);
  const hours = cronHours(starts, ends);
  const name = kebab(textOf(mapAt(trigger).name) ?? '', `cron-${index}`);
  return {
    window: { name, timezone: String(timezone), floor, hours, line },
    notes: hoursNotes(hours, { index, line }),
  };
}

const A_DAY = 1440;

function hoursNotes({ spans, bleeds, passed }: CronHours, { index, line }: Place): readonly Note[] {
  const first = bleeds[0];
  const notes: Note[] = [];
  if (first) {
    const when = `from ${weekTime(first.from)} to ${weekTime(first.to)}`;
    const more = bleeds.length > 1 ? ` (and ${bleeds.length - 1} more such times a week)` : '';
    notes.push({
      kind: 'differs',
      line,
      text: `cron trigger ${index}: KEDA holds the replicas ${when} too${more}, because an end without a start before it leaves its trigger active (kedacore/keda#4677); here they end at the first end`,
    });
  }
  const late = passed[0];
  if (late !== undefined) {
    const text = `cron trigger ${index}: the start at ${weekTime(late)} has no effect in KEDA, because another start comes before the next end: carried over as KEDA does it`;
    notes.push({ kind: 'differs', line, text });
  }
  const long = spans.find(({ from, to }) => to - from > A_DAY);
  if (long) {
    const length = formatDuration((long.to - long.from) * 60_000);
    notes.push({
      kind: 'differs',
      line,
      text: `cron trigger ${index}: from ${weekTime(long.from)} the next end is ${length} later, ${weekTime(long.to)}: carried over as KEDA does it; cut it if a weekend was not meant`,
    });
  }
  return notes;
}

/** Limits around the triggers belong to a policy or stay with the ScaledObject. */
function boundNotes(document: YamlDocument): readonly Note[] {
  const spec = mapAt(document.value, 'spec');
  return [
    'pollingInterval',
    'minReplicaCount',
    'maxReplicaCount',
    'idleReplicaCount',
    'cooldownPeriod',
    'fallback',
    'advanced',
  ]
    .filter((key) => spec[key] !== undefined)
    .map((key) => ({
      kind: 'lost' as const,
      line: lineOf(document, ['spec', key]),
      text: `${key}: a calendar has no such thing; keep it in the ScaledObject${key.endsWith('ReplicaCount') ? ', and agree with the policy' : ''}`,
    }));
}

function calendars(name: string, windows: readonly CronWindow[], notes: Note[]): readonly string[] {
  const zones = [...new Set(windows.map(({ timezone }) => timezone))];
  if (zones.length > 1) {
    notes.push({
      kind: 'differs',
      line: null,
      text: `the triggers are in ${zones.length} time zones (${zones.join(', ')}): a calendar has one, and a fleet follows one calendar; choose, or move the hours`,
    });
  }
  return zones.map((zone, index) =>
    calendarText(
      index === 0 ? name : `${name}-${index + 1}`,
      zone,
      windows.filter(({ timezone }) => timezone === zone),
    ),
  );
}

function calendarText(name: string, timezone: string, windows: readonly CronWindow[]): string {
  const taken = new Set<string>();
  const named = windows.flatMap((window) =>
    weekEntries(window.hours.spans).map((entries) => {
      let free = window.name;
      for (let count = 2; taken.has(free); count++) free = `${window.name}-${count}`;
      taken.add(free);
      return { ...window, name: free, entries: entries.map(entryText) };
    }),
  );
  const sessions = named.flatMap(({ name: own, entries }) =>
    entries.length === 1
      ? [`  ${own}: ${entries[0]}`]
      : [`  ${own}:`, ...entries.map((entry) => `    - ${entry}`)],
  );
  const rows = named.map(
    ({ name: own, floor, line }) => `  - {name: ${own}, on: ${own}, floor: ${floor}}   # line ${line}`,
  );
  return [
    `calendar: ${name}`,
    `timezone: ${timezone}`,
    '',
    'sessions:',
    ...sessions,
    '',
    'windows:',
    ...rows,
  ].join('\n');
}

function entryText({ days, hours }: WeekEntry): string {
  return `{days: ${days.includes(',') ? `"${days}"` : days}, hours: "${hours}"}`;
}
