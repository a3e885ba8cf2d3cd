import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from './processes.ts';
import type { Mark, Moment, Timeline } from './timelines.ts';
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

/** What comes after the last thing that a test waits for belongs to the picture too, ms. */
const AFTERMATH = 4_000;

export interface Recorder {
  /** Resolves once it has all of it: the fleet may go then. */
  record(name: string, fleet: Pick<Fleet, 'timeline'>, marks?: readonly Mark[]): Promise<void>;
  write(): Promise<void>;
}

export function recorder(file: string): Recorder {
  const recordings: Recording[] = [];
  const pending: Promise<void>[] = [];
  const recorded = async (name: string, timeline: Timeline, marks: readonly Mark[]): Promise<void> => {
    await pause(AFTERMATH);
    const all = [...timeline.marks, ...marks].sort((a, b) => a.at - b.at);
    recordings.push({ name, until: Date.now(), moments: [...timeline.moments], marks: all });
  };
  return {
    async record(name, { timeline }, marks = []) {
      if (FOLDER === undefined || FOLDER === '') return;
      const one = recorded(name, timeline, marks);
      pending.push(one);
      await one;
    },
    async write() {
      if (FOLDER === undefined || FOLDER === '') return;
      await Promise.all(pending);
      await mkdir(FOLDER, { recursive: true });
      recordings.sort((a, b) => a.name.localeCompare(b.name));
      const lines = recordings.map((recording) => JSON.stringify(recording)).join('\n');
      await writeFile(join(FOLDER, `${file}.jsonl`), `${lines}\n`);
    },
  };
}
