import { LOAD_TESTED } from './field.ts';
import type { Cell, Row } from './results.ts';
import { BEST, INK, line, OURS, PEER, svgDocument, text } from './svg.ts';
import type { Workload } from './workloads.ts';

const ROW = 20;
const LEFT = 270;
const RIGHT = 640;
const TOP = 46;
const MOST = 3;

/** GPU-hours over the oracle's for each cell: ours, and the cheapest peer that is in time. */
export function ratioFigure(cells: readonly Cell[], workloads: readonly Workload[]) {
  const shown = workloads
    .filter(({ tuning }) => tuning !== true)
    .flatMap(({ name }) => cells.filter(({ workload }) => workload === name));
  if (shown.length === 0) return null;
  const height = TOP + shown.length * ROW + 30;
  const at = (value: number) =>
    LEFT + ((Math.min(MOST, Math.max(0.8, value)) - 0.8) / (MOST - 0.8)) * (RIGHT - LEFT);
  const alt = 'GPU-hours over the oracle’s: Bellwether and the cheapest peer that is in time';
  const grid = [1, 1.1, 1.5, 2, 2.5, 3].flatMap((value) => [
    line(at(value), TOP - 8, at(value), height - 24, value === 1 ? BEST : '#e5e7eb'),
    text(at(value), height - 8, value === MOST ? '≥ 3' : String(value), 'text-anchor="middle"'),
  ]);
  const marks = shown.flatMap((cell, index) => {
    const y = TOP + index * ROW + ROW / 2;
    const ours = cell.rows.find(({ label }) => label === LOAD_TESTED) ?? null;
    return [
      text(8, y + 4, `${cell.workload}, ${cell.volume}x, ${cell.coldStart} s`),
      line(LEFT, y, RIGHT, y),
      ...mark(cell.cheapestPeer, (x) => square(x, y), at),
      ...mark(ours, (x, holds) => circle(x, y, holds), at),
    ];
  });
  const legend = [
    circle(LEFT, 18, true),
    text(LEFT + 10, 22, LOAD_TESTED),
    circle(LEFT + 250, 18, false),
    text(LEFT + 260, 22, 'below 99 %'),
    square(LEFT + 340, 18),
    text(LEFT + 350, 22, 'peer'),
  ];
  return { name: 'ratios.svg', alt, svg: svgDocument(660, height, alt, [...grid, ...legend, ...marks]) };
}

function mark(
  row: Row | null,
  draw: (x: number, holds: boolean) => string,
  at: (value: number) => number,
): readonly string[] {
  return row === null || row.overOracle === null ? [] : [draw(at(row.overOracle), row.holds)];
}

function circle(x: number, y: number, filled: boolean): string {
  return `<circle cx="${x.toFixed(1)}" cy="${y}" r="5" fill="${filled ? OURS : '#ffffff'}" stroke="${OURS}" stroke-width="1.5"/>`;
}

function square(x: number, y: number): string {
  return `<rect x="${(x - 4).toFixed(1)}" y="${y - 4}" width="8" height="8" fill="${PEER}" stroke="${INK}" stroke-width="0.5"/>`;
}
