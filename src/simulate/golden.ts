import { formatInstant } from '../core/instant.ts';
import { differingSyncs, type HpaStory } from './golden-hpa.ts';
import { differingTicks, KnativeStory } from './golden-knative.ts';
import { type GoldenTick, RayStory, runRayStory } from './golden-ray.ts';

/** What a file of recorded answers came to; `lines` name every difference and every tick that our guards would change. */
export interface GoldenReport {
  readonly stories: number;
  readonly ticks: number;
  readonly differ: number;
  readonly lines: readonly string[];
}

/**
 * Runs recorded answers of other people's code (JSON Lines, one story a line, told apart by `source`) through ours.
 * Throws an Error that names the line for what is no story.
 */
export function runGoldenFile(text: string): GoldenReport {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new Error('must hold at least one story');
  return lines.map(runLine).reduce((sum, report) => ({
    stories: sum.stories + report.stories,
    ticks: sum.ticks + report.ticks,
    differ: sum.differ + report.differ,
    lines: [...sum.lines, ...report.lines],
  }));
}

function runLine(line: string, index: number): GoldenReport {
  const story = parsed(line, index);
  if (story.source.startsWith('ray')) return runRay(story, index);
  if (story.source.includes('podautoscaler')) return runHpa(story as unknown as HpaStory, index);
  if (story.source.startsWith('knative')) return runKnative(story, index);
  throw new Error(`line ${index + 1}: no code of ours answers stories of ${JSON.stringify(story.source)}`);
}

function parsed(line: string, index: number): { readonly source: string } {
  let story: unknown;
  try {
    story = JSON.parse(line);
  } catch {
    throw new Error(`line ${index + 1}: must be JSON`);
  }
  if (typeof story === 'object' && story !== null && 'source' in story && typeof story.source === 'string')
    return { ...story, source: story.source };
  throw new Error(`line ${index + 1}: must be a story with a source`);
}

function runRay(line: { readonly source: string }, index: number): GoldenReport {
  const story = RayStory.safeParse(line);
  if (!story.success)
    throw new Error(
      `line ${index + 1}: ${story.error.issues[0]?.path.join('.')}: ${story.error.issues[0]?.message}`,
    );
  const { ticks, differ, guarded } = runRayStory(story.data);
  const told = (what: string) => (tick: GoldenTick) =>
    `story ${index + 1}, tick ${tick.tick} (${formatInstant(tick.at)}), ${tick.ongoing} ongoing on ${tick.running} running, target ${tick.target}: ${what.replace('%r', String(tick.recorded)).replace('%o', String(tick.ours))}`;
  return {
    stories: 1,
    ticks,
    differ: differ.length,
    lines: [
      ...differ.map(told('differs, recorded %r, ours %o')),
      ...guarded.map(told('Ray Serve answers %r, our guards make it %o')),
    ],
  };
}

function runKnative(line: { readonly source: string }, index: number): GoldenReport {
  const story = KnativeStory.safeParse(line);
  if (!story.success)
    throw new Error(
      `line ${index + 1}: ${story.error.issues[0]?.path.join('.')}: ${story.error.issues[0]?.message}`,
    );
  const differ = differingTicks(story.data);
  const lines = differ.map(
    ({ tick, recorded, ours }) =>
      `story ${index + 1}, tick ${tick}: differs in desired/clamped/excess burst capacity/panic, recorded ${recorded}, ours ${ours}`,
  );
  return { stories: 1, ticks: story.data.ticks.length, differ: differ.length, lines };
}

function runHpa(story: HpaStory, index: number): GoldenReport {
  const differ = differingSyncs(story);
  const lines = differ.map(
    ({ sync, recorded, ours }) =>
      `story ${index + 1}, sync ${sync}: differs, recorded ${recorded}, ours ${ours}`,
  );
  return { stories: 1, ticks: story.syncs.length, differ: differ.length, lines };
}
