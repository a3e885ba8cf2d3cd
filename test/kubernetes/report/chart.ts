import { element } from '../../../src/calendar/picture/svg.ts';
import type { Recording } from '../harness/recorder.ts';
import type { Moment } from '../harness/timelines.ts';

const WIDTH = 760;
const PLOT = { left: 34, right: 12, height: 120 } as const;
/** Height of a line of a mark's words. */
const LABEL = 13;
/** Of the widest mark's words, so that neighbours do not overlap, px. */
const ROOM = 120;
const FONT = 'ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif';
const STYLE = `
svg { --paper: #ffffff; --ink: #1f2328; --soft: #656d76; --line: #d8dee4; --ready: #2563eb; --mark: #c2410c; font: 11px ${FONT}; }
@media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #30363d; --ready: #4c8dff; --mark: #fb923c; } }
.paper { fill: var(--paper); } .line { stroke: var(--line); } .soft { fill: var(--soft); } .end { text-anchor: end; }
.ready { fill: var(--ready); fill-opacity: 0.3; } .spec { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.mark { stroke: var(--mark); stroke-dasharray: 3 3; } .what { fill: var(--mark); }
`;

/** Replicas asked for (a line) and ready (filled) over the seconds of a test, with what happened. An SVG of its own. */
export function chart(recording: Recording): string {
  const start = Math.min(...recording.moments.map(({ at }) => at), ...recording.marks.map(({ at }) => at));
  const seconds = Math.max(1, (recording.until - start) / 1000);
  const top = Math.max(1, ...recording.moments.flatMap(({ spec, ready }) => [spec, ready]));
  const lanes = lanesOf(recording, (at) => x(at));
  const above = (Math.max(0, ...lanes) + 1) * LABEL + 6;
  const height = above + PLOT.height + 22;
  function x(at: number): number {
    const share = (at - start) / 1000 / seconds;
    return round(PLOT.left + Math.max(0, Math.min(1, share)) * (WIDTH - PLOT.left - PLOT.right));
  }
  const y = (replicas: number): number => round(above + PLOT.height * (1 - replicas / top));
  const { moments, until } = recording;
  const steps = (value: (moment: Moment) => number): string => stepPath(moments, until, value, x, y);
  const floor = `L${x(until)} ${y(0)} L${x(moments[0]?.at ?? start)} ${y(0)} Z`;
  const parts = [
    element('rect', { class: 'paper', width: WIDTH, height }),
    ...ticks(top, 4).map((replicas) => scaleLine(replicas, y(replicas))),
    ...ticks(seconds, 8).map((second) =>
      element(
        'text',
        { class: second > seconds * 0.95 ? 'soft end' : 'soft', x: x(start + second * 1000), y: height - 6 },
        `${second} s`,
      ),
    ),
    element('path', { class: 'ready', d: `${steps(({ ready }) => ready)} ${floor}` }),
    element('path', { class: 'spec', d: steps(({ spec }) => spec) }),
    ...recording.marks.map(({ at, what }, index) => {
      const lane = lanes[index] ?? 0;
      const line = { class: 'mark', x1: x(at), x2: x(at), y1: (lane + 1) * LABEL, y2: y(0) };
      const right = x(at) > WIDTH - ROOM;
      const words = {
        class: right ? 'what end' : 'what',
        x: x(at) + (right ? -3 : 3),
        y: (lane + 1) * LABEL,
      };
      return element('line', line) + element('text', words, what);
    }),
  ];
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  const title = element('title', {}, `Replicas over time: ${recording.name}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">${title}<style>${STYLE}</style>${parts.join('\n')}</svg>\n`;
}

/** Words of marks that are near each other stand in lanes of their own. */
function lanesOf({ marks }: Recording, x: (at: number) => number): readonly number[] {
  const ends: number[] = [];
  return marks.map(({ at }) => {
    const free = ends.findIndex((end) => end <= x(at));
    const lane = free === -1 ? ends.length : free;
    ends[lane] = x(at) + ROOM;
    return lane;
  });
}

function stepPath(
  moments: readonly Moment[],
  until: number,
  value: (moment: Moment) => number,
  x: (at: number) => number,
  y: (replicas: number) => number,
): string {
  const points = moments.map((moment, index) => {
    const height = y(value(moment));
    return `${index === 0 ? 'M' : 'L'}${x(moment.at)} ${height} H${x(moments[index + 1]?.at ?? until)}`;
  });
  return points.join(' ');
}

function scaleLine(replicas: number, y: number): string {
  return (
    element('line', { class: 'line', x1: PLOT.left, x2: WIDTH - PLOT.right, y1: y, y2: y }) +
    element('text', { class: 'soft end', x: PLOT.left - 6, y: y + 4 }, String(replicas))
  );
}

/** Round numbers from 0 to `top`, at most `count` of them beyond 0. */
function ticks(top: number, count: number): number[] {
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((one) => top / one <= count) ?? 600;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
