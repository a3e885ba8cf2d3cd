import type { Context } from 'hono';
import type { Scaler } from '../../control/scaler.ts';
import { formatInstant } from '../../core/instant.ts';
import { ScalerError } from '../../core/scaler-error.ts';
import { explainText, headline } from '../explain-text.ts';
import type { Assets } from './assets.ts';
import { AgendaJson, ChartJson, chartJson, FleetsJson, fleetJson } from './fleet-json.ts';
import { fleetQuery } from './fleet-query.ts';
import { type Answers, openApi, type RouteDoc } from './openapi.ts';
import { HORIZON } from './page/agenda.ts';
import { fleetPage } from './page/fleet-page.ts';
import { fleetsPage } from './page/fleets-page.ts';
import { errorBody, layout } from './page/layout.ts';
import { problemOf, statusOf } from './problem.ts';
import { RecordJson, recordJson } from './record-json.ts';

export interface RouteOptions {
  readonly scaler: Scaler;
  readonly metricsText: () => Promise<string>;
  readonly assets: Assets;
  /** The scaler's clock, epoch ms. */
  readonly now: () => number;
}

export type HttpContext = Context<{ Variables: { trusted: boolean } }>;

export interface Route extends RouteDoc {
  handle(c: HttpContext): Response | Promise<Response>;
}

const FLEET = '/v1/fleets/{namespace}/{name}';
const TEXT = 'text/plain';
const json = (schema?: Answers['schema']): Answers => ({
  types: ['application/json'],
  ...(schema ? { schema } : {}),
});
const page: Answers = { types: ['text/html'] };

/** Every route with what OpenAPI says of it; nothing is served that is not listed here. */
export function routesOf(options: RouteOptions): readonly Route[] {
  const { scaler, metricsText, assets } = options;
  const routes: Route[] = [
    { path: '/', summary: 'The fleets, for people', answers: page, handle: (c) => listPage(c, options) },
    {
      path: '/fleets/{namespace}/{name}',
      summary: 'One fleet, for people: why N, what comes next, the last hours, the next day',
      query: ['role', 'model', 'at', 'set.'],
      answers: page,
      handle: (c) => onePage(c, options),
    },
    {
      path: '/healthz',
      summary: 'The process lives',
      answers: { types: [TEXT] },
      handle: (c) => c.text('ok\n'),
    },
    {
      path: '/readyz',
      summary:
        'A revision serves and the loop turned within three intervals; source and configuration as detail',
      answers: json(),
      also: { 503: 'not ready' },
      handle: (c) => readiness(c, scaler),
    },
    {
      path: '/metrics',
      summary: "The scaler's own metrics, Prometheus text",
      answers: { types: [TEXT] },
      handle: async (c) =>
        c.body(await metricsText(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
    },
    {
      path: '/v1/fleets',
      summary: 'All fleets, a line each',
      answers: json(FleetsJson),
      handle: (c) => c.json(scaler.fleets().map(fleetJson)),
    },
    {
      path: `${FLEET}/explain`,
      summary: 'Why N: the decision with every step; `at` asks about a past instant, `set.FIELD` what if',
      query: ['role', 'model', 'at', 'set.'],
      answers: { types: ['application/json', TEXT], schema: RecordJson },
      handle: (c) => explain(c, scaler),
    },
    {
      path: `${FLEET}/chart`,
      summary: 'Demand, floor, replicas and ready over the last hours, in columns; `at` in Unix seconds',
      query: ['role', 'model'],
      answers: json(ChartJson),
      handle: (c) => c.json(chartJson(scaler.chart(queryOf(c, scaler, [])))),
    },
    {
      path: `${FLEET}/agenda`,
      summary: "The calendar's bounds over the next 24 hours, those in force first",
      query: ['role', 'model'],
      answers: json(AgendaJson),
      handle: (c) => c.json(agendaOf(c, scaler)),
    },
    {
      path: '/openapi.json',
      summary: 'This description',
      answers: json(),
      handle: (c) => c.json(openApi(routes)),
    },
    {
      path: '/assets/{hash}/{file}',
      summary: 'Scripts and styles of the page, cacheable for good',
      answers: { types: ['text/javascript', 'text/css', 'image/svg+xml'] },
      handle: (c) => asset(c, assets),
    },
  ];
  return routes;
}

function queryOf(c: HttpContext, scaler: Scaler, allowed: readonly string[]): ReturnType<typeof fleetQuery> {
  const { namespace = '', name = '' } = c.req.param() as Record<string, string>;
  return fleetQuery({ namespace, name, params: new URL(c.req.url).searchParams, allowed }, scaler);
}

async function explain(c: HttpContext, scaler: Scaler): Promise<Response> {
  const record = recordJson(await scaler.explain(queryOf(c, scaler, ['at', 'set.'])));
  c.header('vary', 'accept');
  return prefersText(c.req.header('accept')) ? c.text(explainText(record)) : c.json(record);
}

/** Text only for who asks for it: JSON is the default, also for a browser's `text/html` and for anything at all. */
function prefersText(accept = ''): boolean {
  const weights = new Map<string, number>();
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...params] = range.split(';').map((part) => part.trim());
    const weight = params.find((param) => param.startsWith('q='));
    weights.set(type, weight === undefined ? 1 : Number(weight.slice(2)) || 0);
  }
  const text = weights.get(TEXT) ?? weights.get('text/*') ?? 0;
  const asJson = weights.get('application/json') ?? weights.get('application/*') ?? 0;
  return text > 0 && text >= asJson && !weights.has('text/html');
}

function agendaOf(c: HttpContext, scaler: Scaler): AgendaJson {
  return scaler.agenda(queryOf(c, scaler, []), HORIZON).map(({ at, floor, ceiling, windows }) => ({
    at: formatInstant(at),
    floor,
    ceiling,
    windows: [...windows],
  }));
}

/** A kubelet needs the status alone; who may see the rest sees it. */
function readiness(c: HttpContext, scaler: Scaler): Response {
  const { ready, source, lastTurn, ...rest } = scaler.health();
  const instant = (at: number | null): string | null => (at === null ? null : formatInstant(at));
  const detail = {
    ...rest,
    lastTurn: instant(lastTurn),
    source: { ...source, lastSuccess: instant(source.lastSuccess) },
  };
  return c.json(c.get('trusted') ? { ready, ...detail } : { ready }, ready ? 200 : 503);
}

function asset(c: HttpContext, assets: Assets): Response {
  const { hash = '', file = '' } = c.req.param() as Record<string, string>;
  const found = assets.find(hash, file);
  if (found === undefined) throw new ScalerError('not-found', 'no such file');
  return c.body(found.body, 200, {
    'content-type': found.type,
    'cache-control': 'public, max-age=31536000, immutable',
  });
}

async function listPage(c: HttpContext, { scaler, assets, now }: RouteOptions): Promise<Response> {
  const body = fleetsPage(scaler.fleets());
  return c.html(
    await layout({ assets, title: 'Fleets · Bellwether', health: scaler.health(), now: now(), body }),
  );
}

async function onePage(c: HttpContext, { scaler, assets, now }: RouteOptions): Promise<Response> {
  const frame = { assets, health: scaler.health(), now: now() };
  try {
    const query = queryOf(c, scaler, ['at', 'set.']);
    const record = recordJson(await scaler.explain(query));
    const { namespace, name, role, model } = record.fleet;
    const chartHref = `/v1/fleets/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/chart?${new URLSearchParams({ role, model })}`;
    const body = fleetPage({ record, agenda: scaler.agenda(query, HORIZON), chartHref });
    return c.html(await layout({ ...frame, title: headline(record), body }));
  } catch (error) {
    const known = ScalerError.from(error);
    if (known.code === 'internal') throw error;
    const answer = problemOf(known);
    const body = errorBody(known.message);
    const text = await layout({ ...frame, title: 'Bellwether', body });
    return c.html(
      text,
      statusOf(known) as 400,
      Object.fromEntries([...answer.headers].filter(([key]) => key === 'retry-after')),
    );
  }
}
