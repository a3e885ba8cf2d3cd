const REFRESH = 15_000;
const HEIGHT = 260;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function options(width) {
  const { uPlot } = globalThis;
  const stepped = uPlot.paths.stepped({ align: 1 });
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line') },
  };
  const text = (_chart, value) => (value == null ? '-' : String(Math.round(value * 1000) / 1000));
  const line = (label, name, more = {}) => ({
    label,
    stroke: colour(name),
    width: 2,
    points: { show: false },
    value: text,
    ...more,
  });
  return {
    width,
    height: HEIGHT,
    series: [
      { label: 'Time' },
      line('Floor', '--floor-line', { paths: stepped, fill: colour('--floor'), width: 1 }),
      line('Demand', '--demand', { paths: stepped, width: 1.5 }),
      line('Ready', '--ready', { paths: stepped, dash: [6, 4] }),
      line('Target', '--target', { paths: stepped, width: 2.5 }),
    ],
    axes: [
      {
        ...axis,
        values: [
          [3600, '{HH}:{mm}', null, null, '\n{D} {MMM}', null, null, null, 1],
          [60, '{HH}:{mm}', null, null, null, null, null, null, 1],
          [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
        ],
      },
      { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
    ],
    scales: { y: { range: (_chart, _low, high) => [0, Math.max(1, Math.ceil((high ?? 0) * 1.1))] } },
    legend: { live: true },
  };
}

/** Draws the points behind `element.dataset.href`, and again as they, the width or the colours change. */
export function drawChart(element) {
  let data = [[], [], [], [], []];
  let plot = null;
  const draw = () => {
    plot?.destroy();
    plot = new globalThis.uPlot(options(element.clientWidth), data, element);
  };
  const load = async () => {
    try {
      const answer = await fetch(element.dataset.href);
      if (!answer.ok) return;
      const { at, floor, demand, ready, replicas } = await answer.json();
      data = [at, floor, demand, ready, replicas];
      if (plot) plot.setData(data);
      else draw();
    } catch {
      // The page says already that the scaler does not answer; the points on screen stay.
    }
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT })).observe(element);
  setInterval(() => document.hidden || load(), REFRESH);
  load();
}
