import { writeSync } from 'node:fs';
import pino, { type DestinationStream, type Logger, type LoggerOptions, stdSerializers } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go; default stderr, since stdout belongs to results. */
  readonly destination?: DestinationStream;
}

const HIDDEN = '[hidden]';
/** Fields whose value is a secret; not those that name a file, such as `bearerTokenFile`. */
const SECRET =
  /(pass(word|wd)?|secret|token|authorization|cookie|api[-_]?key|private[-_]?key|credentials?)$/i;
/** The user part of a URL: `//user:password@`. */
const URL_USER = /\/\/[^/\s@]*@/g;
const DEEPEST = 6;

/**
 * The logger: one JSON object a line, `time` in ISO 8601, `level` as a word, a static `msg` with the values in fields.
 * Secrets do not get through it, however deep in the fields of a call: see SECRET and URL_USER. (pino shows no formatter the
 * fields of a child logger; those are names, not values.)
 */
export function createLog({ level, destination = linesTo(2) }: LogOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => withoutSecrets(fields, 0) as Record<string, unknown>,
    },
    serializers: { err: (err: Error) => withoutSecrets(stdSerializers.err(err), 0) },
  };
  return pino(options, destination);
}

/**
 * Lines to a file descriptor, each written before the next. What cannot be written (a full disk, a closed pipe) is lost:
 * the scaler outlives its log, and logs again once there is room. (pino's own destination ends the process at the first
 * such error, and then waits for the disk before it ends.)
 */
export function linesTo(descriptor: number): DestinationStream {
  let torn = false;
  return {
    write(line) {
      const bytes = Buffer.from(torn ? `\n${line}` : line);
      let written = 0;
      try {
        while (written < bytes.length) written += writeSync(descriptor, bytes, written);
        torn = false;
      } catch {
        torn ||= written > 0;
      }
    },
  };
}

function withoutSecrets(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.replace(URL_USER, `//${HIDDEN}@`);
  if (typeof value !== 'object' || value === null) return value;
  // pino hands errors to its serializer, which comes back here with a plain object.
  if (value instanceof Error)
    return depth === 0 ? value : withoutSecrets(stdSerializers.err(value), depth + 1);
  if (depth >= DEEPEST) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1));
  const entries = Object.entries(value).map(([key, inner]) => [key, field(key, inner, depth)] as const);
  return Object.fromEntries(entries);
}

function field(key: string, value: unknown, depth: number): unknown {
  if (SECRET.test(key) && value !== null && value !== undefined) return HIDDEN;
  // `err` at the top is the serializer's.
  if (value instanceof Error && depth === 0 && key === 'err') return value;
  return withoutSecrets(value, depth + 1);
}
