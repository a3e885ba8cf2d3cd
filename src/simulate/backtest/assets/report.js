const report = JSON.parse(document.getElementById('data').textContent);
const { policies, curves, scenario, days } = report;
const zone = report.calendar?.timezone ?? 'UTC';
const PALETTE = [
  '#0969da',
  '#bf3989',
  '#1a7f37',
  '#bc4c00',
  '#8250df',
  '#116329',
  '#9a6700',
  '#0a7ea4',
  '#d1242f',
  '#57606a',
  '#6639ba',
];
const colourOf = (label) => PALETTE[policies.findIndex((policy) => policy.label === label) % PALETTE.length];

/** An element with attributes and children; strings become text, never markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElementNS(
    SVG.has(name) ? 'http://www.w3.org/2000/svg' : 'http://www.w3.org/1999/xhtml',
    name,
  );
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}
const SVG = new Set(['svg', 'g', 'line', 'circle', 'text', 'path']);

const percent = (share, digits = 2) => `${(100 * share).toFixed(digits)} %`;
const milliseconds = (ms) =>
  ms === null ? 'never' : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
const estimate = ({ mean, plusMinus }, text) =>
  plusMinus === null ? text(mean) : `${text(mean)} ± ${text(plusMinus)}`;
const failures = ({ failed }) => failed.timeout + failed.tooLong + failed.podGone + failed.unfinished;
const when = (at, options) => new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options }).format(at);
const clock = (at) =>
  when(at, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

function heading() {
  const { scored, profile, coldStart } = scenario;
  const start =
    coldStart.start.sigma === 0
      ? `${coldStart.start.medianSeconds} s`
      : `${coldStart.start.medianSeconds} s in the middle`;
  return element(
    'header',
    {},
    element('h1', {}, `Backtest: ${report.source.name}`),
    element(
      'p',
      {},
      `${scored.requests.toLocaleString('en')} requests from ${clock(Date.parse(scored.from))} to ${clock(Date.parse(scored.to))} (${zone}), each through every policy. ` +
        `In time means a first token within ${scenario.objectiveSeconds} s; a client without one hangs up after ${scenario.clientTimeoutSeconds} s and counts as late.`,
    ),
    element(
      'p',
      { class: 'muted' },
      `Simulated on ${profile.name} (${profile.source}); a cold start takes ${start}; ${scenario.minReplicas} to ${scenario.maxReplicas} replicas; ` +
        `${scenario.seeds.length === 1 ? `seed ${scenario.seeds[0]}` : `seeds ${scenario.seeds.join(', ')}: ± is the 95 % confidence interval, times and curves are the first seed's`}.`,
    ),
    ...report.source.notes.map((note) => element('p', { class: 'muted' }, note)),
  );
}

function swatch(label) {
  return element('span', { class: 'swatch', style: `background:${colourOf(label)}` });
}

function scores() {
  const oracle = policies.find(({ kind }) => kind === 'oracle');
  const buffered = policies.some(({ seeds }) => seeds[0].gpuHours.buffer > 0);
  const columns = [
    ['', ({ label }) => [swatch(label), label]],
    ['in time', ({ within }) => estimate(within, percent)],
    ['TTFT p50', ({ seeds }) => milliseconds(seeds[0].firstTokenMs.p50)],
    ['p95', ({ seeds }) => milliseconds(seeds[0].firstTokenMs.p95)],
    ['p99', ({ seeds }) => milliseconds(seeds[0].firstTokenMs.p99)],
    ['per token', ({ seeds }) => milliseconds(seeds[0].perTokenMs.p50)],
    ['failed', ({ seeds }) => String(failures(seeds[0]))],
    ['GPU-hours', ({ gpuHours }) => estimate(gpuHours, (hours) => hours.toFixed(1))],
    ['starting', ({ seeds }) => seeds[0].gpuHours.starting.toFixed(1)],
    ['draining', ({ seeds }) => seeds[0].gpuHours.draining.toFixed(1)],
    ...(buffered ? [['buffer', ({ seeds }) => seeds[0].gpuHours.buffer.toFixed(1)]] : []),
    ...(oracle
      ? [['/ oracle', ({ gpuHours }) => `${(gpuHours.mean / oracle.gpuHours.mean).toFixed(2)} x`]]
      : []),
    ['scalings', ({ seeds }) => String(seeds[0].scaleEvents)],
    ['minutes short', ({ seeds }) => seeds[0].shortMinutes.toFixed(0)],
  ];
  const row = (policy) =>
    element(
      'tr',
      { class: policy.within.mean < 0.99 ? 'missed' : false },
      ...columns.map(([, cell]) => element('td', {}, ...[cell(policy)].flat())),
    );
  return element(
    'section',
    {},
    element('h2', {}, 'Scores'),
    element(
      'div',
      { class: 'scroll' },
      element(
        'table',
        {},
        element('thead', {}, element('tr', {}, ...columns.map(([title]) => element('th', {}, title)))),
        element('tbody', {}, ...policies.map(row)),
      ),
    ),
    element(
      'p',
      { class: 'muted' },
      'GPU-hours run from the moment a pod is bound to its node until it is gone, starting and draining included. A policy below 99 % in time is marked: what it saves, its users pay. ' +
        'Minutes short are minutes in which fewer replicas were ready than that minute alone needs.',
    ),
  );
}

/** Cost against lateness: whoever has nobody below and to the left of them is on the frontier. */
function frontier() {
  const [width, height, left, bottom, top, right] = [760, 380, 64, 46, 16, 170];
  const points = policies.map(({ label, within, gpuHours }) => ({
    label,
    late: Math.max(1 - within.mean, 1e-5),
    hours: gpuHours.mean,
  }));
  // One that costs many times the others would press them into a corner: it stands at the edge, with its number.
  const cheap = points.map(({ hours }) => hours).sort((a, b) => a - b);
  const limit = Math.min(cheap.at(-1), 1.3 * cheap[Math.floor(cheap.length * 0.75)]) * 1.05;
  const low = Math.min(...cheap) * 0.9;
  const logs = points.map(({ late }) => Math.log10(late));
  const [deepest, highest] = [Math.floor(Math.min(...logs, -2)), Math.ceil(Math.max(...logs, -1))];
  const x = (hours) => left + ((Math.min(hours, limit) - low) / (limit - low)) * (width - left - right);
  const y = (late) => top + ((highest - Math.log10(late)) / (highest - deepest)) * (height - top - bottom);
  const drawing = element('svg', {
    viewBox: `0 0 ${width} ${height}`,
    width: '100%',
    style: 'max-width:860px',
    role: 'img',
    'aria-label': 'GPU-hours against the share of late requests',
  });
  for (let power = deepest; power <= highest; power++) {
    drawing.append(
      element('line', { class: 'grid', x1: left, x2: width - right, y1: y(10 ** power), y2: y(10 ** power) }),
      element(
        'text',
        { class: 'tick', x: left - 8, y: y(10 ** power) + 4, 'text-anchor': 'end' },
        power === deepest && deepest <= -5 ? '0' : percent(10 ** power, Math.max(0, -power - 2)),
      ),
    );
  }
  const step = niceStep((limit - low) / 5);
  for (let hours = Math.ceil(low / step) * step; hours <= limit; hours += step)
    drawing.append(
      element(
        'text',
        { class: 'tick', x: x(hours), y: height - bottom + 18, 'text-anchor': 'middle' },
        String(+hours.toFixed(2)),
      ),
    );
  drawing.append(
    element('line', { class: 'axis', x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }),
    element('line', { class: 'axis', x1: left, x2: left, y1: top, y2: height - bottom }),
    element(
      'text',
      { class: 'tick', x: (left + width - right) / 2, y: height - 6, 'text-anchor': 'middle' },
      'GPU-hours',
    ),
    element(
      'text',
      {
        class: 'tick',
        x: 16,
        y: top + 130,
        'text-anchor': 'middle',
        transform: `rotate(-90 16 ${top + 130})`,
      },
      'requests late',
    ),
  );
  const best = points
    .filter(
      (a) =>
        !points.some(
          (b) => b !== a && b.hours <= a.hours && b.late <= a.late && (b.hours < a.hours || b.late < a.late),
        ),
    )
    .sort((a, b) => a.hours - b.hours);
  drawing.append(
    element('path', {
      d: best.map(({ hours, late }, index) => `${index ? 'L' : 'M'}${x(hours)},${y(late)}`).join(''),
      fill: 'none',
      stroke: 'var(--need-line)',
      'stroke-dasharray': '5 4',
    }),
  );
  const taken = [];
  for (const { label, late, hours } of [...points].sort((a, b) => y(a.late) - y(b.late))) {
    let labelY = y(late) + 4;
    while (taken.some((other) => Math.abs(other.y - labelY) < 13 && Math.abs(other.x - x(hours)) < 150))
      labelY += 4;
    taken.push({ x: x(hours), y: labelY });
    drawing.append(
      element('circle', { cx: x(hours), cy: y(late), r: 6, fill: colourOf(label) }),
      element(
        'text',
        { x: x(hours) + 10, y: labelY },
        hours > limit ? `${label} (at ${hours.toFixed(0)})` : label,
      ),
    );
  }
  return element(
    'section',
    {},
    element('h2', {}, 'Cost against lateness'),
    drawing,
    element(
      'p',
      { class: 'muted' },
      'Below and to the left is better; the dashed line joins those that nobody beats on both.',
    ),
  );
}

/** 1, 2 or 5 times a power of ten, at least `value`. */
function niceStep(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((factor) => power * factor >= value) ?? 10);
}

const slots = curves.requests.map((_, slot) => curves.from + slot * curves.slotSeconds);
const events = new Map(
  policies.map(({ label, scaleEvents }) => [
    label,
    scaleEvents.map((event) => ({ ...event, at: Date.parse(event.at) / 1000 })),
  ]),
);

/** The last change of spec.replicas at or before `at`, seconds. */
function lastEvent(label, at) {
  const list = events.get(label) ?? [];
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].at <= at) low = middle + 1;
    else high = middle;
  }
  return list[low - 1];
}

function overTime() {
  const shown = new Set(
    [policies[0]?.label, policies.find(({ kind }) => kind === 'oracle')?.label, cheapestPeer()].filter(
      Boolean,
    ),
  );
  const places = { replicas: element('div'), ttft: element('div'), late: element('div') };
  const why = element(
    'div',
    { class: 'why' },
    'Move over the chart: what each policy had asked for by then, and why.',
  );
  let plots = [];
  const draw = () => {
    for (const plot of plots) plot.destroy();
    plots = [
      replicasChart(places.replicas, shown, why),
      ttftChart(places.ttft, shown),
      lateChart(places.late, shown),
    ];
  };
  const boxes = policies.map(({ label }) =>
    element(
      'label',
      {},
      element('input', {
        type: 'checkbox',
        checked: shown.has(label),
        onchange: ({ target }) => {
          if (target.checked) shown.add(label);
          else shown.delete(label);
          draw();
        },
      }),
      ' ',
      swatch(label),
      label,
    ),
  );
  const section = element(
    'section',
    {},
    element('h2', {}, 'Over time'),
    element('fieldset', {}, ...boxes),
    chart(
      curves.slotSeconds === 60
        ? 'Replicas ready, and what each minute needs'
        : `Replicas ready, and what each ${curves.slotSeconds / 60} minutes' busiest minute needs`,
      places.replicas,
    ),
    why,
    chart('Time to first token, p95 (gaps: no request; at the top: never came)', places.ttft),
    chart('Requests late', places.late),
    element('p', { class: 'muted' }, 'Drag to zoom, double-click to go back.'),
  );
  let width = 0;
  // Drawn once the section is in the page, and again when its width or the colours change.
  new ResizeObserver(() => {
    if (section.clientWidth === width) return;
    width = section.clientWidth;
    draw();
  }).observe(section);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  return section;
}

function chart(title, place) {
  return element('div', { class: 'chart' }, element('h3', {}, title), place);
}

function cheapestPeer() {
  const peers = policies.filter(({ kind, label }) => kind === 'peer' && label !== 'static');
  const sound = peers.filter(({ within }) => within.mean >= 0.99);
  return (sound.length > 0 ? sound : peers).toSorted((a, b) => a.gpuHours.mean - b.gpuHours.mean)[0]?.label;
}

const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function plot(place, height, series, data, more = {}) {
  const axis = {
    stroke: variable('--muted'),
    grid: { stroke: variable('--line'), width: 1 },
    ticks: { stroke: variable('--line') },
  };
  return new uPlot(
    {
      width: place.clientWidth || 1100,
      height,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      cursor: { sync: { key: 'report' } },
      legend: { live: true },
      series: [{ label: 'Time' }, ...series],
      axes: [
        {
          ...axis,
          values: [
            [86_400, '{WWW} {D} {MMM}', null, null, null, null, null, null, 1],
            [3600, '{HH}:{mm}', null, null, '\n{WWW} {D} {MMM}', null, null, null, 1],
            [60, '{HH}:{mm}', null, null, null, null, null, null, 1],
          ],
        },
        { ...axis, size: 56, ...more.axis },
      ],
      scales: {
        y: { range: more.range ?? ((_plot, _low, high) => [0, Math.max(1, Math.ceil((high ?? 0) * 1.05))]) },
      },
      hooks: more.hooks ?? {},
    },
    data,
    place,
  );
}

const stepped = () => uPlot.paths.stepped({ align: 1 });
const line = (label, more = {}) => ({
  label,
  stroke: colourOf(label),
  width: 1.8,
  points: { show: false },
  ...more,
});

function curvesOf(shown) {
  return curves.policies.filter(({ label }) => shown.has(label));
}

function replicasChart(place, shown, why) {
  const lines = curvesOf(shown);
  const tell = (index) => {
    if (index === null || index === undefined) return;
    const at = slots[index] + curves.slotSeconds;
    why.replaceChildren(
      element(
        'div',
        { class: 'muted' },
        `${clock(slots[index] * 1000)}: ${curves.requests[index]} requests, ${curves.needed[index]} replicas needed`,
      ),
      ...lines.map(({ label, ready, asked }) => {
        const last = lastEvent(label, at);
        const because = last
          ? `; since ${clock(last.at * 1000)} (${last.from} to ${last.to}): ${last.why}`
          : '; never changed before';
        return element(
          'div',
          {},
          swatch(label),
          element('b', {}, `${label}: ${ready[index]} ready, ${asked[index]} asked for`),
          because,
        );
      }),
    );
  };
  return plot(
    place,
    300,
    [
      {
        label: 'needed',
        stroke: variable('--need-line'),
        fill: variable('--need'),
        width: 1,
        paths: stepped(),
        points: { show: false },
      },
      ...lines.map(({ label }) => line(label, { paths: stepped() })),
    ],
    [slots, curves.needed, ...lines.map(({ ready }) => ready)],
    { hooks: { setCursor: [({ cursor }) => tell(cursor.idx)] } },
  );
}

function ttftChart(place, shown) {
  const lines = curvesOf(shown);
  const never = scenario.clientTimeoutSeconds;
  const seconds = ({ firstTokenP95 }) =>
    firstTokenP95.map((ms) => (ms === null ? null : ms < 0 ? never : Math.max(ms / 1000, 0.01)));
  return plot(
    place,
    200,
    [
      { label: 'objective', stroke: variable('--bad'), dash: [6, 4], width: 1, points: { show: false } },
      ...lines.map(({ label }) =>
        line(label, { value: (_plot, value) => (value == null ? '-' : `${value.toFixed(2)} s`) }),
      ),
    ],
    [slots, slots.map(() => scenario.objectiveSeconds), ...lines.map(seconds)],
    { axis: { values: (_plot, values) => values.map((value) => `${value} s`) } },
  );
}

function lateChart(place, shown) {
  const lines = curvesOf(shown);
  return plot(
    place,
    180,
    lines.map(({ label }) => line(label, { paths: stepped() })),
    [slots, ...lines.map(({ late }) => late)],
  );
}

/** The days on which the policies differ most, by requests late and by GPU-hours. */
function differingDays() {
  const spread = (values) => Math.max(...values) - Math.min(...values);
  const counted = new Set(
    policies.filter(({ kind, label }) => kind !== 'oracle' && label !== 'static').map(({ label }) => label),
  );
  const rows = days.map((day) => {
    const seen = day.policies.filter(({ label }) => counted.has(label));
    return {
      ...day,
      late: spread(seen.map(({ late }) => late)),
      hours: spread(seen.map(({ gpuHours }) => gpuHours)),
    };
  });
  const top = rows.toSorted((a, b) => b.late - a.late || b.hours - a.hours).slice(0, 8);
  return element(
    'section',
    {},
    element('h2', {}, 'Days that differ most'),
    element(
      'p',
      { class: 'muted' },
      `Late requests / GPU-hours of each policy, days of ${zone}; sorted by how far apart they are in late requests, the oracle and a fixed count aside.`,
    ),
    element(
      'div',
      { class: 'scroll' },
      element(
        'table',
        {},
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            element('th', {}, 'day'),
            element('th', {}, 'requests'),
            ...policies.map(({ label }) => element('th', {}, label)),
          ),
        ),
        element(
          'tbody',
          {},
          ...top.map((day) =>
            element(
              'tr',
              {},
              element('td', {}, `${day.weekday} ${day.date}`),
              element('td', {}, day.requests.toLocaleString('en')),
              ...day.policies.map(({ late, gpuHours }) =>
                element('td', {}, `${late} / ${gpuHours.toFixed(1)}`),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

function settings() {
  const text = (value) => JSON.stringify(value, null, 2);
  return element(
    'section',
    {},
    element('h2', {}, 'What was compared'),
    ...policies.map(({ label, kind, settings }) =>
      element(
        'details',
        {},
        element('summary', {}, swatch(label), `${label} (${kind})`),
        element('pre', {}, text(settings)),
      ),
    ),
    element(
      'details',
      {},
      element('summary', {}, 'The scenario'),
      element('pre', {}, text({ source: report.source, ...scenario })),
    ),
  );
}

document
  .getElementById('report')
  .replaceChildren(heading(), scores(), frontier(), overTime(), differingDays(), settings());
