import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mark, Moment } from './timelines.ts';
import type { Fleet } from './world.ts';

/** A fleet's replicas over time, for docs/e2e.md. */
export interface Recording {
  readonly name: string;
  /** Epoch ms at which the recording ends. */
  readonly until: number;
  readonly moments: readonly Moment[];
  readonly marks: readonly Mark[];
}

/** Folder that timelines are written to; unset: they are not. */
const FOLDER = process.env.BELLWETHER_E2E_RECORD;

export interface Recorder {
  record(name: string, fleet: Pick<Fleet, 'timeline'>, marks?: readonly Mark[]): void;
  write(): Promise<void>;
}

export function recorder(file: string): Recorder {
  const recordings: Recording[] = [];
  return {
    record(name, { timeline }, marks = []) {
      const all = [...timeline.marks, ...marks].sort((a, b) => a.at - b.at);
      recordings.push({ name, until: Date.now(), moments: [...timeline.moments], marks: all });
    },
    async write() {
      if (FOLDER === undefined || FOLDER === '') return;
      await mkdir(FOLDER, { recursive: true });
      recordings.sort((a, b) => a.name.localeCompare(b.name));
      const lines = recordings.map((recording) => JSON.stringify(recording)).join('\n');
      await writeFile(join(FOLDER, `${file}.jsonl`), `${lines}\n`);
    },
  };
}
