import type { Context, MiddlewareHandler, Next } from 'hono';
import type { BearerToken } from './bearer.ts';
import { problem } from './problem.ts';

const MAX_URL = 4_096;

/** What the probes of a kubelet ask, which cannot carry a token. */
const PROBES: readonly string[] = ['/healthz', '/readyz'];

const HEADERS: Readonly<Record<string, string>> = {
  // Scripts and styles are files of ours; names of fleets come from others and are never code.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/** Sets the security headers on every answer, errors included; what has no lifetime of its own is not stored. */
export async function securityHeaders(c: Context, next: Next): Promise<void> {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store');
}

/** Refuses what no route should have to think of: other methods, endless URLs, bytes that decode to nothing. */
export async function wellFormed(c: Context, next: Next): Promise<Response | undefined> {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
    return problem(405, `must be GET or HEAD, was ${c.req.method}`, { allow: 'GET, HEAD' });
  }
  if (c.req.url.length > MAX_URL) {
    return problem(414, `the URL must have at most ${MAX_URL} characters, was ${c.req.url.length}`);
  }
  const { pathname, search } = new URL(c.req.url);
  for (const [part, text] of [
    ['path', pathname],
    ['query', search],
  ] as const) {
    const decoded = decode(text);
    if (decoded === undefined) return problem(400, `the ${part} must be percent-encoded UTF-8`);
    if (decoded.includes('\0')) return problem(400, `the ${part} must not hold NUL`);
  }
  await next();
  return undefined;
}

/** Everything but the probes needs the token, once there is one. */
export function closedBy(token: BearerToken | undefined): MiddlewareHandler {
  return async (c, next) => {
    const open = token === undefined || (await token.accepts(c.req.header('authorization')));
    c.set('trusted', open);
    if (!open && !PROBES.includes(c.req.path)) {
      return problem(401, 'a bearer token is needed', {
        // Basic lets a browser ask a person; the password is the token.
        'www-authenticate': 'Bearer realm="bellwether", Basic realm="bellwether (password: the token)"',
      });
    }
    await next();
    return undefined;
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
