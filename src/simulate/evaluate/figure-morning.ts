import { LOAD_TESTED, ORACLE } from './field.ts';
import { cellsOf, type Run } from './results.ts';
import { BEST, fixed, line, OURS, PEER, svgDocument, text } from './svg.ts';

const [LEFT, RIGHT, TOP, BOTTOM] = [44, 700, 34, 260];
/** Slots of five minutes: from two hours before the bell of the first day to an hour after its close. */
const [FIRST, SLOTS] = [90, 114];

/** Ready replicas over the first trading day: the oracle, ours, and the cheapest peer. */
export function morningFigure(runs: readonly Run[]) {
  const curves = runs.filter(({ ready }) => ready !== undefined);
  const [cell] = cellsOf(runs).filter(
    ({ workload, volume, coldStart }) =>
      workload === curves[0]?.workload && volume === curves[0]?.volume && coldStart === curves[0]?.coldStart,
  );
  const shown = [
    { label: ORACLE, colour: BEST },
    { label: cell?.cheapestPeer?.label ?? '', colour: PEER },
    { label: LOAD_TESTED, colour: OURS },
  ].flatMap(({ label, colour }) => {
    const row = cell?.rows.find((each) => each.label === label);
    const ready = row?.runs.find((run) => run.ready !== undefined)?.ready;
    return ready === undefined ? [] : [{ label, colour, ready: ready.slice(FIRST, FIRST + SLOTS) }];
  });
  if (cell === undefined || shown.length === 0) return null;
  const most = Math.max(1, ...shown.flatMap(({ ready }) => ready));
  const x = (slot: number) => LEFT + (slot / SLOTS) * (RIGHT - LEFT);
  const y = (count: number) => BOTTOM - (count / most) * (BOTTOM - TOP);
  const alt = `Ready replicas over a trading day: ${cell.workload}, ${cell.volume}x, cold start ${cell.coldStart} s`;
  const parts = [
    line(LEFT, BOTTOM, RIGHT, BOTTOM, '#9ca3af'),
    ...[0, 0.5, 1].map((share) => text(8, y(most * share) + 4, String(Math.round(most * share)))),
    ...Array.from({ length: 10 }, (_, hour) =>
      text(x(hour * 12 + 6), BOTTOM + 18, `${String(8 + hour).padStart(2, '0')}:00`, 'text-anchor="middle"'),
    ),
    ...shown.map(({ colour, ready }) => {
      const points = ready.map((count, slot) => `${fixed(x(slot + 0.5))},${fixed(y(count))}`).join(' ');
      return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="1.8"/>`;
    }),
    ...shown.map(({ label, colour }, index) =>
      text(LEFT + index * 210, 18, label, `style="fill:${colour}" font-weight="600"`),
    ),
  ];
  return { name: 'morning.svg', alt, svg: svgDocument(720, 290, alt, parts) };
}
