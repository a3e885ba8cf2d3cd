/** Requests per replica, in every policy here. */
export const TARGET = 10;

/** The load that asks for exactly so many replicas, away from the edges of the rounding. */
export function loadFor(replicas: number): number {
  return replicas === 0 ? 0 : replicas * TARGET - 5;
}

/** A policy whose delays a test can wait for; a field given again replaces the one here. */
export function aPolicy(name: string, over: Readonly<Record<string, string | number>> = {}): string {
  const fields = {
    minReplicas: 1,
    maxReplicas: 40,
    targetOngoingRequests: TARGET,
    upscaleDelay: '2s',
    downscaleDelay: '3s',
    lookBackPeriod: '2s',
    aggregation: 'last',
    ...over,
  };
  const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}`);
  return `policy: ${name}\n${lines.join('\n')}\n`;
}

/** A zone's clock, of a fixed offset. */
export interface WallClock {
  readonly zone: string;
  /** Milliseconds since midnight. */
  timeOfDay(at: number): number;
  /** `2026-11-27`. */
  date(at: number): string;
}

/** A clock that shows about noon at `now`, so that what a test lets happen soon is the same day. */
export function clockAtNoon(now: number): WallClock {
  const hours = 12 - new Date(now).getUTCHours();
  const shifted = (at: number): number => at + hours * 3_600_000;
  return {
    // POSIX signs: Etc/GMT-3 is three hours ahead.
    zone: hours === 0 ? 'Etc/GMT' : `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`,
    timeOfDay: (at) => shifted(at) % 86_400_000,
    date: (at) => new Date(shifted(at)).toISOString().slice(0, 10),
  };
}

export interface WindowOptions {
  readonly name: string;
  /** Epoch ms, whole seconds. */
  readonly from: number;
  readonly to: number;
  readonly floor: number;
  readonly lead?: string;
}

/** A calendar with one window between two instants of this day. */
export function aCalendar({ name, from, to, floor, lead = '0s' }: WindowOptions): string {
  const clock = clockAtNoon(from);
  const seconds = (at: number) => `open+${Math.round(clock.timeOfDay(at) / 1000)}s`;
  return `calendar: ${name}
timezone: ${clock.zone}
covers: {from: 2020-01-01, to: 2099-12-31}
sessions:
  day: {days: daily, hours: "00:00-24:00"}
windows:
  - {name: rush, on: day, from: ${seconds(from)}, to: ${seconds(to)}, floor: ${floor}, lead: ${lead}}
`;
}

/** A calendar whose floor is the same all the time. */
export function alwaysFloor(name: string, floor: number): string {
  return `calendar: ${name}
timezone: Etc/UTC
covers: {from: 2020-01-01, to: 2099-12-31}
sessions:
  day: {days: daily, hours: "00:00-24:00"}
windows:
  - {name: always, on: day, floor: ${floor}, lead: 0s}
`;
}
