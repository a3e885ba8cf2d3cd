import { drawChart } from './chart.js';

const REFRESH = 5_000;
const connection = document.getElementById('connection');

/** The scaler's clock minus the browser's, ms: countdowns are right on a laptop whose clock is not. */
let skew = Number(document.documentElement.dataset.now) - Date.now();

/** Sections as they were sent, by id: what page.js changed in them does not count as news. */
const sent = new Map();

function sections(root) {
  return root.querySelectorAll('[data-live]');
}

/** `in 4m30s`, `now`, `12s ago`. */
function relative(distance) {
  const seconds = Math.round(distance / 1000);
  if (seconds === 0) return 'now';
  const rest = Math.abs(seconds);
  const parts = [
    [Math.floor(rest / 86_400), 'd'],
    [Math.floor(rest / 3_600) % 24, 'h'],
    [Math.floor(rest / 60) % 60, 'm'],
    [rest % 60, 's'],
  ];
  const text = parts.map(([count, unit]) => (count > 0 ? count + unit : '')).join('');
  return seconds > 0 ? `in ${text}` : `${text} ago`;
}

function clockText(iso, withSeconds) {
  const at = new Date(iso);
  const now = new Date(Date.now() + skew);
  const time = at.toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds ? { second: '2-digit' } : {}),
    hour12: false,
  });
  if (!withSeconds || at.toDateString() === now.toDateString()) return time;
  return `${at.toLocaleDateString([], { weekday: 'short', month: 'short', day: 'numeric' })}, ${time}`;
}

function localise(root) {
  for (const time of root.querySelectorAll('time:not([data-countdown])')) {
    time.textContent = clockText(time.dateTime, true);
  }
  for (const tick of root.querySelectorAll('[data-clock]')) {
    tick.textContent = clockText(tick.dataset.clock, false);
  }
  countDown();
}

function countDown() {
  for (const time of document.querySelectorAll('time[data-countdown]')) {
    time.textContent = relative(Date.parse(time.dateTime) - (Date.now() + skew));
  }
}

/** Puts the sections of a newer page in the place of the old ones; a focused link keeps the focus. */
function swap(fresh) {
  const ids = (root) => [...sections(root)].map(({ id }) => id).join();
  if (ids(fresh) !== ids(document)) return location.reload(); // an error has become a fleet, or the other way round
  skew = Number(fresh.documentElement.dataset.now) - Date.now();
  document.title = fresh.title;
  for (const section of sections(fresh)) {
    const old = document.getElementById(section.id);
    const html = section.innerHTML;
    if (!old || sent.get(section.id) === html) continue;
    sent.set(section.id, html);
    const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
    old.replaceChildren(...section.childNodes);
    localise(old);
    if (focused !== null)
      [...old.querySelectorAll('a')].find((a) => a.getAttribute('href') === focused)?.focus();
  }
}

let failedSince = null;

async function refresh() {
  try {
    const answer = await fetch(location.href, {
      headers: { accept: 'text/html' },
      signal: AbortSignal.timeout(REFRESH * 2),
    });
    if (!answer.headers.get('content-type')?.startsWith('text/html'))
      throw new Error(`status ${answer.status}`);
    swap(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    failedSince = null;
    connection.textContent = '';
  } catch (error) {
    failedSince ??= new Date(Date.now() + skew).toISOString();
    connection.textContent = `No answer from the scaler since ${clockText(failedSince, true)} (${error.message}); this page is old.`;
  }
}

for (const section of sections(document)) sent.set(section.id, section.innerHTML);
localise(document);
setInterval(countDown, 1_000);
const chart = document.getElementById('chart');
if (chart) drawChart(chart);
(async () => {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, REFRESH));
    if (!document.hidden) await refresh();
  }
})();
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refresh();
});
