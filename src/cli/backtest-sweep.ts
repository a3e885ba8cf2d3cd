import { readPolicy } from '../config/policy-document.ts';
import type { PolicyFields } from '../core/policy.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { writtenPolicy } from '../core/written-policy.ts';
import type { Contestant } from '../simulate/backtest/contestant.ts';

/** More settings than this would take hours, and are a typing error more often than a wish. */
const MAX_SETTINGS = 200;

interface Axis {
  /** A policy field, groups dotted: `burst.threshold`. */
  readonly field: string;
  readonly values: readonly (string | number)[];
}

/**
 * Every combination of what `--sweep` names, over the fields of `base`. Each argument is `field=values`: a list with commas,
 * whole numbers `a..b`, or `a..b..step`. Throws ScalerError `invalid` with every error at once.
 */
export function sweepOver(base: PolicyFields, given: readonly string[]): readonly Contestant[] {
  const axes = given.map(axisOf);
  const twice = axes.find(({ field }, index) => axes.findIndex((axis) => axis.field === field) !== index);
  if (twice) throw wrong(`${twice.field} is named twice`);
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (count > MAX_SETTINGS) throw wrong(`must come to at most ${MAX_SETTINGS} settings, came to ${count}`);
  const settings = axes.reduce<readonly (readonly [string, string | number][])[]>(
    (rows, { field, values }) =>
      rows.flatMap((row) => values.map((value) => [...row, [field, value] as const])),
    [[]],
  );
  const problems = new Set<string>();
  const contestants = settings.map((setting): Contestant => {
    const { value, issues } = readPolicy(documentOf(base, setting));
    for (const { path, message, severity } of issues)
      if (severity === 'error') problems.add(`${path.join('.')}: ${message}`);
    return {
      kind: 'policy',
      label: setting.map(([field, each]) => `${field}=${each}`).join(' '),
      fields: withoutStandIn(value ?? {}, base, setting),
      calendar: true,
    };
  });
  if (problems.size > 0) throw wrong([...problems].join('\n'));
  return contestants;
}

function wrong(message: string): ScalerError {
  return new ScalerError('invalid', `--sweep: ${message}`);
}

function axisOf(text: string): Axis {
  const at = text.indexOf('=');
  const field = text.slice(0, at);
  if (at < 1 || text.length === at + 1)
    throw wrong(
      `must be field=values such as targetOngoingRequests=4..16 or upscaleDelay=0s,30s, was "${text}"`,
    );
  return {
    field,
    values: [
      ...new Set(
        text
          .slice(at + 1)
          .split(',')
          .flatMap(valuesOf),
      ),
    ],
  };
}

function valuesOf(text: string): readonly (string | number)[] {
  const range = /^(\d+)\.\.(\d+)(?:\.\.(\d+))?$/.exec(text.trim());
  if (range === null)
    return [text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text.trim()];
  const [from, to, step] = [Number(range[1]), Number(range[2]), Number(range[3] ?? 1)];
  if (to < from || step < 1 || (to - from) / step > MAX_SETTINGS)
    throw wrong(`a range must ascend to at most ${MAX_SETTINGS} values, was "${text}"`);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

type Setting = readonly (readonly [string, string | number])[];

/** Stands in for the backtest's own limit while a policy is checked by itself. */
const STAND_IN_MAX = 1_000;

/** The base as a person would write it, with the setting's fields in place: the rules across fields then see all of it. */
function documentOf(base: PolicyFields, setting: Setting): Record<string, unknown> {
  const { upscalingFactor, downscalingFactor, ...rest } = base;
  // Beside a factor of the base's own a swept smoothingFactor would say nothing.
  const smoothed = setting.some(([field]) => field === 'smoothingFactor');
  const document: Record<string, unknown> = {
    policy: 'sweep',
    maxReplicas: STAND_IN_MAX,
    ...writtenPolicy(smoothed ? rest : base),
  };
  for (const [field, value] of setting) put(document, field.split('.'), value);
  return document;
}

/** Own properties throughout: a field called `__proto__` is an unknown field like any other. */
function put(group: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  const known = Object.hasOwn(group, name) ? group[name] : undefined;
  const inner: Record<string, unknown> = typeof known === 'object' && known !== null ? { ...known } : {};
  if (rest.length > 0) put(inner, rest, value);
  Object.defineProperty(group, name, {
    value: rest.length > 0 ? inner : value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function withoutStandIn(read: PolicyFields, base: PolicyFields, setting: Setting): PolicyFields {
  if (base.maxReplicas !== undefined || setting.some(([field]) => field === 'maxReplicas')) return read;
  const { maxReplicas: _, ...rest } = read;
  return rest;
}
