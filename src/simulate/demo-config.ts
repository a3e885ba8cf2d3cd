import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DateTime } from 'luxon';

/** The ADR's DEFAULT policy, for both fleets; only the calendar tells them apart. */
const POLICY = `policy: default
minReplicas: 1
maxReplicas: 4
targetOngoingRequests: 10
upscaleDelay: 30s
downscaleDelay: 300s
smoothingFactor: 0.5
`;

const SHIPPED_CALENDAR = fileURLToPath(new URL('../../calendars/us-equities.yaml', import.meta.url));

/** One configuration folder, as an operator would have it. */
export interface DemoConfig {
  /** Path of bellwether.yaml. */
  readonly file: string;
  remove(): Promise<void>;
}

export interface DemoConfigOptions {
  /** The `prometheus` or `scrape` block, and whatever else shall differ. */
  readonly source: Readonly<Record<string, unknown>>;
  readonly httpPort: number;
  /** Text of the calendar; default the shipped us-equities. */
  readonly calendar?: string;
}

/** Writes the files that `serve --config` would be given into a new temporary folder. */
export async function writeDemoConfig({
  source,
  httpPort,
  calendar,
}: DemoConfigOptions): Promise<DemoConfig> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-demo-'));
  const config = {
    evaluationInterval: '5s',
    settle: '0s',
    ...source,
    listen: { grpc: '127.0.0.1:0', http: `127.0.0.1:${httpPort}` },
    policies: ['policies/*.yaml'],
    calendars: ['calendars/*.yaml'],
  };
  await mkdir(join(folder, 'policies'));
  await mkdir(join(folder, 'calendars'));
  await writeFile(join(folder, 'policies/default.yaml'), POLICY);
  await writeFile(
    join(folder, 'calendars/us-equities.yaml'),
    calendar ?? (await readFile(SHIPPED_CALENDAR, 'utf8')),
  );
  // JSON is YAML, and quotes what needs quotes.
  const file = join(folder, 'bellwether.yaml');
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`);
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A calendar named like the shipped one whose bell rings at `open`, so that a morning can be watched at any hour. */
export function calendarOpeningAt(open: number, floorFrom: string): string {
  const start = DateTime.fromMillis(open, { zone: 'utc' });
  const close = start.plus({ hours: 6, minutes: 30 });
  const nextDay = close.hasSame(start, 'day') ? '' : '+1d';
  const hours = `${start.toFormat('HH:mm')}-${close.toFormat('HH:mm')}${nextDay}`;
  return [
    'calendar: us-equities',
    'timezone: UTC',
    'sessions:',
    `  regular: {days: daily, hours: "${hours}"}`,
    'windows:',
    `  - {name: market-hours, on: regular, from: ${floorFrom}, to: close, floor: 2, policy: {smoothingFactor: 1}}`,
    '',
  ].join('\n');
}
