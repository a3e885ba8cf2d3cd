import { createHash } from 'node:crypto';
import type { TriggerRef } from './scaler.ts';

/**
 * One string for each way to write a trigger; JSON, so that no name and no value can pretend to be another one. Hashed: of 10,000
 * triggers the texts themselves would be kept on two threads.
 */
export function spell({ namespace, name, metadata }: TriggerRef): string {
  const text = [JSON.stringify([namespace, name]), JSON.stringify(metadata)].join(' ');
  return createHash('sha256').update(text).digest('base64');
}
