import type { Logger } from 'pino';

/** What the HTTP server needs of the log. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;
