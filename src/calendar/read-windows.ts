import { formatDuration } from '../core/duration.ts';
import { didYouMean } from '../core/nearest.ts';
import { shown } from '../core/problem.ts';
import { type Day, parseDate } from './civil-date.ts';
import { type Anchor, parseAnchor, type WallInterval } from './hours.ts';
import type { Intervals } from './interval.ts';
import type { Issue, Report } from './issue.ts';
import { openIntervals, outsideIntervals, type Source, windowIntervals } from './occurrences.ts';
import type { Window } from './schema.ts';
import { MAX_LEAD_MS, type WindowModel } from './timeline.ts';
import type { Zone } from './wall-time.ts';

/** A session or an event that windows can name; null source: it exists, and is wrong. */
export interface Target {
  readonly source: Source | null;
  /** Every set of hours that it can have, to tell windows that can never open. */
  readonly hours: readonly (readonly WallInterval[])[];
}

export interface WindowContext {
  readonly report: Report;
  readonly zone: Zone;
  /** Sessions and events. */
  readonly targets: ReadonlyMap<string, Target>;
  readonly windows: readonly (Window | null)[];
}

/** Windows ready to be asked, null where one is wrong; indexes as in the file. */
export function readWindows(context: WindowContext): readonly (WindowModel | null)[] {
  const byName = indexByName(context);
  const resolved = new Map<number, Intervals | null>();
  return context.windows.map((window, index) => {
    if (!window) return null;
    checkNumbers(context.report, window, index);
    const intervals = intervalsOf({ ...context, byName, resolved }, index, []);
    return intervals && byName.get(window.name) === index ? modelOf(window, intervals) : null;
  });
}

function modelOf(window: Window, intervals: Intervals): WindowModel {
  const policy = window.policy && Object.keys(window.policy).length > 0 ? window.policy : null;
  return {
    name: window.name,
    intervals,
    floor: window.floor ?? null,
    ceiling: window.ceiling ?? null,
    policy,
    lead: window.lead ?? 'auto',
  };
}

function indexByName({ report, windows }: WindowContext): ReadonlyMap<string, number> {
  const byName = new Map<string, number>();
  for (const [index, window] of windows.entries()) {
    if (!window) continue;
    const first = byName.get(window.name);
    if (first === undefined) byName.set(window.name, index);
    else
      report.error(
        ['windows', index, 'name'],
        `must differ from windows.${first}, was ${shown(window.name)} too`,
      );
  }
  return byName;
}

function checkNumbers(report: Report, window: Window, index: number): void {
  const { floor, ceiling, lead } = window;
  if (floor !== undefined && ceiling !== undefined && floor > ceiling) {
    report.error(
      ['windows', index, 'floor'],
      `must be at most the window's own ceiling ${ceiling}, was ${floor}`,
    );
  }
  if (typeof lead === 'number' && lead > MAX_LEAD_MS) {
    report.error(['windows', index, 'lead'], `must be at most 7d, was ${formatDuration(lead)}`);
  }
  if (lead !== undefined && floor === undefined) {
    report.warn(['windows', index, 'lead'], 'has no effect: only a floor is asked for ahead of its window');
  }
}

interface Resolution extends WindowContext {
  readonly byName: ReadonlyMap<string, number>;
  readonly resolved: Map<number, Intervals | null>;
}

/** The window's intervals, null when it or what it refers to is wrong. `chain` holds the windows that lead here. */
function intervalsOf(context: Resolution, index: number, chain: readonly number[]): Intervals | null {
  const known = context.resolved.get(index);
  if (known !== undefined) return known;
  const window = context.windows[index];
  const computed = window ? resolve(context, window, index, [...chain, index]) : null;
  context.resolved.set(index, computed);
  return computed;
}

function resolve(
  context: Resolution,
  window: Window,
  index: number,
  chain: readonly number[],
): Intervals | null {
  const { report } = context;
  const path = ['windows', index];
  if (window.on !== undefined && window.outside !== undefined) {
    report.error([...path, 'outside'], `must not be given beside "on", was ${shown(window.outside)}`);
    return null;
  }
  const expires = window.expires === undefined ? null : (parseDate(window.expires) ?? null);
  if (window.on !== undefined) return onWindow(context, { window, name: window.on, path, expires });
  if (window.outside !== undefined)
    return outsideWindow(context, { window, name: window.outside, path, expires }, chain);
  report.error(path, 'must have "on" (a session or an event) or "outside", was neither');
  return null;
}

interface Reference {
  readonly window: Window;
  readonly name: string;
  readonly path: Issue['path'];
  readonly expires: Day | null;
}

function onWindow(context: Resolution, { window, name, path, expires }: Reference): Intervals | null {
  const { report, targets, byName } = context;
  const target = targets.get(name);
  if (!target) {
    const hint = byName.has(name)
      ? ' (a window cannot be "on" another one)'
      : didYouMean(name, targets.keys()) || ` (there are: ${[...targets.keys()].join(', ') || 'none'})`;
    report.error([...path, 'on'], `must be the name of a session or an event, was ${shown(name)}${hint}`);
  }
  const from = readAnchor(report, [...path, 'from'], window.from ?? 'open');
  const to = readAnchor(report, [...path, 'to'], window.to ?? 'close');
  if (!from || !to || !target) return null;
  if (!canOpen(target, from, to)) {
    const rule = `must come after "from" (${shown(window.from ?? 'open')}) on some day`;
    const at = window.to === undefined ? [...path, 'from'] : [...path, 'to'];
    if (window.to === undefined)
      report.error(at, `must come before the close on some day, was ${shown(window.from)}`);
    else
      report.error(
        at,
        `${rule}, was ${shown(window.to)}${from.at === 'close' && to.at === 'open' ? ' (for the time between sessions use outside)' : ''}`,
      );
    return null;
  }
  return target.source && windowIntervals(target.source, { from, to, expires });
}

function readAnchor(report: Report, path: Issue['path'], text: string): Anchor | null {
  const anchor = parseAnchor(text);
  if (anchor && Math.abs(anchor.offset) <= MAX_LEAD_MS) return anchor;
  report.error(path, `must lie within 7d of the open or close, was ${shown(text)}`);
  return null;
}

/** False when `to` comes before `from` for all hours that the session or event has by the clock. */
function canOpen({ hours }: Target, from: Anchor, to: Anchor): boolean {
  if (from.at === to.at) return from.offset < to.offset;
  if (hours.length === 0) return true;
  const lengths = hours.map(
    (intervals) => ((intervals.at(-1)?.close ?? 0) - (intervals[0]?.open ?? 0)) * 60_000,
  );
  return lengths.some((length) => (from.at === 'open' ? length : -length) + to.offset - from.offset > 0);
}

function outsideWindow(
  context: Resolution,
  reference: Reference,
  chain: readonly number[],
): Intervals | null {
  const { report, targets, byName, windows, zone } = context;
  const { window, name, path, expires } = reference;
  for (const key of ['from', 'to'] as const) {
    const value = window[key];
    if (value === undefined) continue;
    report.error(
      [...path, key],
      `must not be given with "outside", which begins and ends where ${name} does, was ${shown(value)}`,
    );
  }
  const until = expires === null ? null : zone.instant(expires + 1, 0, 'start');
  const target = targets.get(name);
  if (target) return target.source && outsideIntervals(openIntervals(target.source), until);
  const other = byName.get(name);
  if (other === undefined) {
    const known = [...targets.keys(), ...byName.keys()];
    const hint = didYouMean(name, known) || ` (there are: ${known.join(', ')})`;
    report.error(
      [...path, 'outside'],
      `must be the name of a session, an event or another window, was ${shown(name)}${hint}`,
    );
    return null;
  }
  if (chain.includes(other)) {
    const names = [...chain.slice(chain.indexOf(other)), other].map((each) => windows[each]?.name);
    report.error([...path, 'outside'], `must not lead back to itself, was ${names.join(' outside ')}`);
    return null;
  }
  const intervals = intervalsOf(context, other, chain);
  return intervals && outsideIntervals(intervals, until);
}
