import { z } from 'zod';
import { durationRule, parseDuration } from './duration.ts';

/** A duration as text in files and metadata, milliseconds once parsed. */
export const Duration = z
  .unknown()
  .transform((value, ctx): number => {
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    if (ms !== undefined) return ms;
    ctx.addIssue({ code: 'custom', message: `must be ${durationRule(value)}`, input: value });
    return z.NEVER;
  })
  .meta({
    type: 'string',
    pattern: '^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+)$',
    examples: ['30s', '5m', '1h30m'],
  });
