import { formatDuration } from '../core/duration.ts';
import type { RecordJson } from './http/record-json.ts';
import { numberText } from './step-inputs.ts';

const WIDTH = 100;

export interface TextOptions {
  readonly color?: boolean;
}

/**
 * The record for the engineer on call, as text: the answer and its reason first, then the steps, then what runs and
 * what comes next. Times to go count from the record's own instant. Lines stay within 100 columns where words allow.
 */
export function explainText(record: RecordJson, { color = false }: TextOptions = {}): string {
  const sections = [
    bold(headline(record), color),
    table(aboutRows(record)),
    section('Warnings', table(record.warnings.map((warning) => [warning])), color),
    section('Steps', stepsTable(record), color),
    section('Signals', table(record.signals.map(signalRow)), color),
    section('Bounds', table(boundsRows(record)), color),
    section('Timers', table(record.timers.map((timer) => timerRow(record, timer))), color),
    section('Next', table(nextRows(record)), color),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

/** `llm/vllm: 2 replicas, because …`: the first line of the text and the heading of the page. */
export function headline(record: RecordJson): string {
  const { fleet, replicas, mode } = record;
  const noun = fleet.role === 'buffer' ? 'pause pod' : 'replica';
  const count = replicas === null ? `unknown ${noun}s` : `${replicas} ${noun}${replicas === 1 ? '' : 's'}`;
  const advised = mode === 'advisory' ? ' advised' : '';
  return oneLine(`${fleet.namespace}/${fleet.name}: ${count}${advised}, because ${record.reason}`);
}

/** `in 4m30s`, `now` or `12s ago`: `at` seen from `from`, both ISO 8601. */
export function relativeText(at: string, from: string): string {
  const distance = Math.round((Date.parse(at) - Date.parse(from)) / 1000) * 1000;
  if (distance === 0) return 'now';
  return distance > 0 ? `in ${formatDuration(distance)}` : `${formatDuration(-distance)} ago`;
}

function aboutRows(record: RecordJson): Row[] {
  const { fleet, replicaFacts: facts } = record;
  const labels = Object.entries(fleet.matchLabels).map(([name, value]) => `${name}=${value}`);
  const counts = (['ready', 'starting', 'unschedulable', 'spec'] as const).map((key) =>
    facts[key] === null ? `${key} unknown` : `${key} ${facts[key]}`,
  );
  const rows: Row[] = [
    [
      'fleet',
      [`role ${fleet.role}`, ...(fleet.model ? [`model ${fleet.model}`] : []), ...labels, record.mode].join(
        ', ',
      ),
    ],
    ['decided', `${record.at}${record.recomputed ? ", recomputed with today's configuration" : ''}`],
    ['revision', record.revision],
    ['running', `${counts.join(', ')} (${facts.source})`],
  ];
  if (facts.cluster) rows.push(...clusterRows(facts.cluster, record.at));
  if (record.held !== null) rows.push(['held', `${record.held}: ${record.heldBecause ?? ''}`]);
  return rows;
}

function clusterRows(
  cluster: NonNullable<RecordJson['replicaFacts']['cluster']>,
  at: string,
): [string, string][] {
  const { startingSince, terminating, unschedulable, coverage, autoscaler, lacks } = cluster;
  const pods = [
    ...(startingSince === null ? [] : [`starting since ${relativeText(startingSince, at)}`]),
    ...(terminating ? [`${terminating} terminating`] : []),
    ...(coverage === null ? [] : [`${Math.round(coverage * 100)}% of the ready ones report`]),
  ];
  const rows: [string, string][] = [];
  if (pods.length > 0) rows.push(['pods', pods.join(', ')]);
  if (unschedulable)
    rows.push([
      'scheduler',
      `${unschedulable.pod}, ${relativeText(unschedulable.since, at)}: ${unschedulable.message}`,
    ]);
  if (autoscaler) {
    const { minReplicas, maxReplicas } = autoscaler.spec;
    const counts = `at ${numberText(autoscaler.currentReplicas)}, wants ${numberText(autoscaler.desiredReplicas)}`;
    rows.push(['HPA', `${autoscaler.name}: ${minReplicas} to ${maxReplicas}, ${counts}`]);
  }
  for (const lack of lacks) rows.push(['not known', lack]);
  return rows;
}

function stepsTable(record: RecordJson): string {
  return table(
    record.steps.map(({ step, in: before, out, reason }) => [
      step,
      numberText(before).padStart(6),
      '->',
      numberText(out).padStart(6),
      reason,
    ]),
  );
}

function signalRow(signal: RecordJson['signals'][number]): Row {
  const said = signal.demand === null ? 'asks for nothing' : `asks for ${numberText(signal.demand)}`;
  const seen = signal.observedAt === null ? '' : `, seen ${signal.observedAt}`;
  const why = signal.why === null ? '' : `: ${signal.why}`;
  return [signal.name, signal.kind, numberText(signal.value).padStart(6), `${said}${seen}${why}`];
}

/** Floor, ceiling and limits in words, for the text and the page. */
export function boundsRows({ bounds }: RecordJson): [string, string][] {
  const rows: [string, string][] = [
    ['calendar floor', String(bounds.floor)],
    ['calendar ceiling', bounds.ceiling === null ? 'none' : String(bounds.ceiling)],
    ['windows', bounds.windows.length === 0 ? 'none' : bounds.windows.join(', ')],
    ['allowed', `${bounds.min} to ${bounds.max}`],
  ];
  if (!bounds.covered) rows.push(['coverage', 'ended: the weekly shape stays, dated rows are unknown']);
  return rows;
}

function timerRow(record: RecordJson, timer: RecordJson['timers'][number]): Row {
  return [
    timer.name,
    relativeText(timer.at, record.at),
    `${timer.what} (at ${timer.at}, since ${timer.since})`,
  ];
}

function nextRows({ next, at }: RecordJson): Row[] {
  if (next === null) return [['nothing', 'is due']];
  const count = next.replicas === undefined ? '' : `${next.replicas} replicas: `;
  return [[relativeText(next.at, at), `${count}${next.why} (at ${next.at})`]];
}

type Row = readonly string[];

/** Rows with aligned columns; the last column wraps under itself. */
function table(rows: readonly Row[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.slice(0, -1).forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) => {
      const head = row.slice(0, -1).map((cell, column) => oneLine(cell).padEnd(widths[column] ?? 0));
      const start = `  ${head.map((cell) => `${cell}  `).join('')}`;
      return start + wrap(oneLine(row[row.length - 1] ?? ''), start.length);
    })
    .join('\n');
}

/** Breaks `text` between words at 100 columns, later lines indented by `indent`. A word is never broken. */
function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}

/** Control characters of foreign names must not reach a terminal. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

function section(title: string, body: string, color: boolean): string {
  return body === '' ? '' : `${bold(title, color)}\n${body}`;
}

function bold(text: string, color: boolean): string {
  return color ? `\u001b[1m${text}\u001b[22m` : text;
}
