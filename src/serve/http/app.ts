import { Hono } from 'hono';
import { ScalerError } from '../../core/scaler-error.ts';
import type { BearerToken } from './bearer.ts';
import { closedBy, securityHeaders, wellFormed } from './guard.ts';
import type { Log } from './log.ts';
import { problem, problemOf } from './problem.ts';
import { type RouteOptions, routesOf } from './routes.ts';

export interface AppOptions extends RouteOptions {
  readonly token?: BearerToken | undefined;
  readonly log: Log;
}

/** The HTTP surface as one function of a request; `app.request(…)` asks it without a socket. */
export function createApp({ token, log, ...options }: AppOptions): Hono<{ Variables: { trusted: boolean } }> {
  const app = new Hono<{ Variables: { trusted: boolean } }>();
  app.use(securityHeaders);
  app.use(wellFormed);
  app.use(closedBy(token));
  for (const { path, handle } of routesOf(options)) app.get(path.replace(/\{(\w+)\}/g, ':$1'), handle);
  app.notFound(() => problem(404, 'no such path; /openapi.json lists them'));
  app.onError((error, c) => {
    const known = ScalerError.from(error);
    if (known.code === 'internal')
      log.error({ err: known.cause ?? known, path: c.req.path }, 'http request failed');
    return problemOf(known);
  });
  return app;
}
