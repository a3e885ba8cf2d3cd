import { parseHours } from '../calendar/hours.ts';
import type { RayConfig } from './ray-fields.ts';
import type { PolicyKey, RayPolicy } from './ray-policy.ts';
import type { Note, TranslateOptions } from './translation.ts';
import { flowMap, type YamlValue } from './yaml-text.ts';

const HOURS_NAME = /market|trading|business|office|working|peak|busy|hours|daytime/i;

/** The two configs of a cut-over by the clock: the one for all hours, and the one whose name says that it is for some. */
export function marketPair(
  configs: readonly RayConfig[],
): { readonly base: RayConfig; readonly hours: RayConfig } | null {
  const [first, second] = configs;
  if (!first || !second || configs.length !== 2) return null;
  const [firstIs, secondIs] = [HOURS_NAME.test(first.name), HOURS_NAME.test(second.name)];
  if (firstIs === secondIs) return null;
  return firstIs ? { base: second, hours: first } : { base: first, hours: second };
}

export interface WindowFields {
  readonly floor: number | null;
  readonly policy: readonly (readonly [string, YamlValue])[];
  readonly notes: readonly Note[];
}

/** What the second config changes: its minReplicas as a floor, every other field as an override while the window lasts. */
export function windowFields(base: RayPolicy, hours: RayPolicy, line: number): WindowFields {
  const notes: Note[] = [];
  const floor = Number(hours.fields.get('minReplicas') ?? 1);
  const baseFloor = Number(base.fields.get('minReplicas') ?? 1);
  if (floor < baseFloor) {
    const text = `minReplicas falls from ${baseFloor} to ${floor} in these hours: a floor only raises; give the other hours a window instead`;
    notes.push({ kind: 'lost', line, text });
  }
  const policy: (readonly [string, YamlValue])[] = [];
  for (const key of [
    'maxReplicas',
    'targetOngoingRequests',
    'upscaleDelay',
    'downscaleDelay',
    'downscaleToZeroDelay',
    'lookBackPeriod',
    'aggregation',
  ] as const) {
    const value = fieldOrDefault(hours, key) ?? toZeroAgain(base, hours, key);
    if (value !== undefined && value !== fieldOrDefault(base, key)) policy.push([key, value]);
  }
  policy.push(...factorChanges(base, hours));
  if (
    hours.fields.has('initialReplicas') &&
    hours.fields.get('initialReplicas') !== base.fields.get('initialReplicas')
  )
    notes.push({
      kind: 'lost',
      line,
      text: 'initial_replicas of these hours: it only counts for a fleet that is not known yet',
    });
  return { floor: floor > baseFloor ? floor : null, policy, notes };
}

/** A delay to zero that only the base has falls back to these hours' downscaleDelay, as Ray's does. */
function toZeroAgain(base: RayPolicy, hours: RayPolicy, key: PolicyKey): YamlValue | undefined {
  return key === 'downscaleToZeroDelay' && base.fields.has(key)
    ? hours.fields.get('downscaleDelay')
    : undefined;
}

const SAME_DEFAULTS: ReadonlyMap<PolicyKey, YamlValue> = new Map<PolicyKey, YamlValue>([
  ['upscaleDelay', '30s'],
  ['lookBackPeriod', '30s'],
  ['aggregation', 'mean'],
]);

function fieldOrDefault(policy: RayPolicy, key: PolicyKey): YamlValue | undefined {
  return policy.fields.get(key) ?? SAME_DEFAULTS.get(key);
}

/** A factor that one config sets and the other leaves to Ray's 1 changes with the hours too. */
function factorChanges(base: RayPolicy, hours: RayPolicy): readonly (readonly [string, YamlValue])[] {
  const factor = ({ fields }: RayPolicy, key: 'upscalingFactor' | 'downscalingFactor'): YamlValue =>
    fields.get(key) ?? fields.get('smoothingFactor') ?? 1;
  const up = factor(hours, 'upscalingFactor');
  const down = factor(hours, 'downscalingFactor');
  const upChanges = up !== factor(base, 'upscalingFactor');
  const downChanges = down !== factor(base, 'downscalingFactor');
  if (upChanges && downChanges && up === down) return [['smoothingFactor', up]];
  return [
    ...(upChanges ? [['upscalingFactor', up] as const] : []),
    ...(downChanges ? [['downscalingFactor', down] as const] : []),
  ];
}

const ZONES: Readonly<Record<string, string>> = {
  ET: 'America/New_York',
  EST: 'America/New_York',
  EDT: 'America/New_York',
  CT: 'America/Chicago',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  PT: 'America/Los_Angeles',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  GMT: 'Europe/London',
  BST: 'Europe/London',
  CET: 'Europe/Berlin',
  CEST: 'Europe/Berlin',
  JST: 'Asia/Tokyo',
  HKT: 'Asia/Hong_Kong',
  UTC: 'UTC',
};
const RANGE =
  /\b(\d{1,2})(?::(\d{2}))?(?:\s?(am|pm))?\s?(?:-|–|—|to|until)\s?(\d{1,2})(?::(\d{2}))?(?:\s?(am|pm))?(?:\s+([A-Z]{2,4})\b)?/gi;

export interface FoundHours {
  readonly hours: string;
  readonly timezone: string;
  readonly notes: readonly Note[];
}

/** When the hours are: what the caller says, else what a comment says, else the NYSE's, and a note of where they are from. */
export function hoursOf(
  comments: readonly { readonly text: string; readonly line: number }[],
  config: RayConfig,
  options: Pick<TranslateOptions, 'hours' | 'timezone'>,
): FoundHours {
  // A comment within the config is about it; others may be.
  const near = comments.filter(({ line }) => line >= config.line - 1 && line <= config.lastLine);
  const said = [...near, ...comments].flatMap(({ text, line }) =>
    rangesIn(text).map((range) => ({ ...range, line })),
  )[0];
  const notes: Note[] = [];
  if (options.hours === undefined) {
    if (said)
      notes.push({
        kind: 'assumed',
        line: said.line,
        text: `the hours are those of the comment there, ${said.hours}${said.zone ? ` ${said.zone}` : ''}`,
      });
    else
      notes.push({
        kind: 'assumed',
        line: null,
        text: 'the hours are those of the NYSE, 09:30-16:00: change them, or give --hours',
      });
  }
  const timezone =
    options.timezone ?? (said?.zone === undefined ? undefined : ZONES[said.zone.toUpperCase()]);
  if (timezone === undefined)
    notes.push({
      kind: 'assumed',
      line: null,
      text: 'the time zone is America/New_York: change it, or give --timezone',
    });
  notes.push({
    kind: 'assumed',
    line: config.line,
    text: 'Monday to Friday, and no holidays or early closes: calendars/us-equities.yaml has those of the NYSE',
  });
  return {
    hours: options.hours ?? said?.hours ?? '09:30-16:00',
    timezone: timezone ?? 'America/New_York',
    notes,
  };
}

function rangesIn(text: string): readonly { readonly hours: string; readonly zone: string | undefined }[] {
  return [...text.slice(0, 500).matchAll(RANGE)].flatMap((match) => {
    const [, fromHour, fromMinute, fromHalf, toHour, toMinute, toHalf, zone] = match;
    // Two bare numbers are any two numbers.
    if (fromMinute === undefined && toMinute === undefined && fromHalf === undefined && toHalf === undefined)
      return [];
    const hours = `${clock(fromHour, fromMinute, fromHalf)}-${clock(toHour, toMinute, toHalf)}`;
    const parsed = parseHours(hours);
    if (!parsed || parsed.close <= parsed.open) return [];
    return [{ hours, zone: zone !== undefined && zone.toUpperCase() in ZONES ? zone : undefined }];
  });
}

function clock(hour = '', minute = '00', half?: string): string {
  const number =
    half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  return `${String(number).padStart(2, '0')}:${minute}`;
}

/** The calendar that stands for the cut-over. */
export function calendarText(name: string, found: FoundHours, { floor, policy }: WindowFields): string {
  const entries = [
    `name: ${name}`,
    'on: regular',
    ...(floor === null ? [] : [`floor: ${floor}`]),
    ...(policy.length === 0 ? [] : [`policy: ${flowMap(policy)}`]),
  ];
  return `calendar: ${name}
timezone: ${found.timezone}

sessions:
  regular: {days: mon-fri, hours: "${found.hours}"}

windows:
  - {${entries.join(', ')}}
`;
}
