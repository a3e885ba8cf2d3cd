import type { Revision } from '../config/revision.ts';
import type { Source } from '../ingest/source.ts';
import type { Registry } from './registry.ts';

/** What the parts of control share. */
export interface ControlContext {
  readonly registry: Registry;
  readonly revision: Revision;
  readonly source: Source;
  /** Instant of the last reading; null before the first. */
  readonly lastInstant: number | null;
  readonly now: () => number;
}
