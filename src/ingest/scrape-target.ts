import { type Agent, request } from 'undici';
import { formatDuration } from '../core/duration.ts';
import { BodyTooLarge, formatBytes, readBounded } from './bounded-body.ts';
import { type ExposedSample, parseExposition } from './exposition.ts';
import { requestFailure } from './http-error.ts';
import { COUNTERS, GAUGES } from './queries.ts';

/** A page of metrics to read, and whose it is. */
export interface ScrapeTarget {
  readonly url: string;
  readonly namespace: string;
  readonly pod: string;
  /** Labels that the scrape adds to every series. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** A target's samples, or why there are none in one sentence. */
export type Scraped = readonly ExposedSample[] | string;

/** vLLM's own page is some 100 KiB. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

const WANTED: ReadonlySet<string> = new Set([...GAUGES, ...COUNTERS]);

/** Reads one page; `timeout` in ms. Never rejects. */
export async function scrapeTarget(
  agent: Agent,
  { url, pod }: ScrapeTarget,
  timeout: number,
  signal: AbortSignal,
): Promise<Scraped> {
  const deadline = AbortSignal.timeout(timeout);
  try {
    const until = AbortSignal.any([signal, deadline]);
    const headers = { accept: 'text/plain;version=0.0.4' };
    const answer = await request(url, { dispatcher: agent, headers, signal: until });
    const page = await readBounded(answer.body, MAX_PAGE_BYTES);
    if (answer.statusCode !== 200) return `${pod} answered ${answer.statusCode}`;
    if (page.trimStart().startsWith('<')) return `${pod} answered with HTML instead of metrics`;
    return parseExposition(page, (name) => WANTED.has(name));
  } catch (reason) {
    if (reason instanceof BodyTooLarge)
      return `${pod} answered with more than ${formatBytes(MAX_PAGE_BYTES)}`;
    if (deadline.aborted) return `${pod} did not answer within ${formatDuration(timeout)}`;
    return `${pod} ${requestFailure(reason)}`;
  }
}
