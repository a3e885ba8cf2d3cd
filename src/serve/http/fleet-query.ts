import type { ExplainQuery, FleetLine, Scaler } from '../../control/scaler.ts';
import type { Role } from '../../core/fleet.ts';
import { parseInstant } from '../../core/instant.ts';
import { didYouMean } from '../../core/nearest.ts';
import { shown } from '../../core/problem.ts';
import { ScalerError } from '../../core/scaler-error.ts';

const ROLES: readonly string[] = ['replicas', 'buffer'];
const SET = 'set.';

/** Which fleet a path and its query name. `model` may be missing: `locate` finds it. */
export interface FleetRequest {
  readonly namespace: string;
  readonly name: string;
  readonly params: URLSearchParams;
  /** Parameters allowed here, beside `role` and `model`. */
  readonly allowed: readonly string[];
}

/**
 * The question that a request asks, its fleet found among those that `scaler` knows.
 * Throws ScalerError: `invalid` for a bad parameter or several models, `not-found` for an unknown fleet.
 */
export function fleetQuery(request: FleetRequest, scaler: Scaler): ExplainQuery {
  const { namespace, name, params, allowed } = request;
  checkParams(params, ['role', 'model', ...allowed]);
  const role = params.get('role') ?? 'replicas';
  if (!ROLES.includes(role)) invalid('role', `must be replicas or buffer, was ${shown(role)}`);
  const model = params.get('model');
  const asked = { namespace, name, role: role as Role, ...(model === null ? {} : { model }) };
  const at = instantParam(params);
  const set = overrides(params);
  return {
    ...asked,
    model: locate(asked, scaler.fleets()),
    ...(at === undefined ? {} : { at }),
    ...(set ? { set } : {}),
  };
}

/** The model of the one fleet that is meant. */
function locate(asked: ExplainQuery, lines: readonly FleetLine[]): string {
  const { namespace, name, role, model } = asked;
  const siblings = lines.map(({ id }) => id).filter((id) => id.namespace === namespace && id.name === name);
  const models = [...new Set(siblings.filter((id) => id.role === role).map((id) => id.model))];
  const [only, ...others] = model === undefined ? models : models.filter((each) => each === model);
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined) {
    throw new ScalerError(
      'invalid',
      `model: must be one of ${models.map(shown).join(', ')}: ${namespace}/${name} has several`,
    );
  }
  throw new ScalerError('not-found', notFound(asked, siblings, models, lines));
}

function notFound(
  { namespace, name, role, model }: ExplainQuery,
  siblings: readonly { role: Role }[],
  models: readonly string[],
  lines: readonly FleetLine[],
): string {
  if (models.length > 0) {
    return `no fleet ${namespace}/${name} with model ${shown(model)}; it has ${models.map(shown).join(', ')}`;
  }
  if (siblings.length > 0)
    return `no fleet ${namespace}/${name} with role ${role}; it has role ${siblings[0]?.role}`;
  const names = lines.map(({ id }) => `${id.namespace}/${id.name}`);
  const known = names.length === 0 ? '; KEDA has asked for none yet' : '';
  return `no fleet ${shown(`${namespace}/${name}`)}${didYouMean(`${namespace}/${name}`, names)}${known}`;
}

function checkParams(params: URLSearchParams, allowed: readonly string[]): void {
  const seen = new Set<string>();
  const names = allowed.filter((name) => name !== SET);
  for (const key of params.keys()) {
    const known =
      names.includes(key) || (allowed.includes(SET) && key.startsWith(SET) && key.length > SET.length);
    if (!known) {
      const sets = allowed.includes(SET) ? ' or set.FIELD' : '';
      invalid(shown(key), `must be one of ${names.join(', ')}${sets}${didYouMean(key, names)}`);
    }
    if (seen.has(key)) invalid(key, 'must be given once');
    seen.add(key);
  }
}

function instantParam(params: URLSearchParams): number | undefined {
  const text = params.get('at');
  if (text === null) return undefined;
  // A bare `+` in a URL reads as a space; no TIME has one otherwise.
  const at = parseInstant(text.replace(' ', '+'));
  if (at === undefined || !(Math.abs(at) <= 8.64e15)) {
    invalid('at', `must be ISO 8601 with Z or an offset, or Unix seconds, was ${shown(text)}`);
  }
  return at;
}

function overrides(params: URLSearchParams): Readonly<Record<string, string>> | undefined {
  const entries = [...params]
    .filter(([key]) => key.startsWith(SET))
    .map(([key, value]) => [key.slice(SET.length), value]);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function invalid(path: string, rule: string): never {
  throw new ScalerError('invalid', `${path}: ${rule}`);
}
