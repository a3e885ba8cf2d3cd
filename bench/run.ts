/** `npm run bench -- [NAME…] [--json]`: runs every function `bench…` that a file of this folder exports, or those named. */
import { readdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { didYouMean } from '../src/core/nearest.ts';
import type { BenchResult, Row } from './support/result.ts';

type Bench = () => Promise<BenchResult>;

/** Benches by name: `benchGrpc` of any file is `grpc`. */
async function findBenches(): Promise<ReadonlyMap<string, Bench>> {
  const files = (await readdir(import.meta.dirname))
    .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
    .sort();
  const found = new Map<string, Bench>();
  for (const file of files) {
    const module: Record<string, unknown> = await import(`./${file}`);
    for (const [key, value] of Object.entries(module)) {
      if (!/^bench[A-Z]/.test(key) || typeof value !== 'function') continue;
      const name = key.slice('bench'.length).replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`);
      found.set(name.toLowerCase(), value as Bench);
    }
  }
  return found;
}

function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

function tableLine({ what, unit, value, target = '', reached }: Row): string {
  const verdict = reached === undefined ? target : `${target} ${reached ? 'yes' : 'NO'}`;
  const spread = `${formatNumber(value.low)} .. ${formatNumber(value.high)}`;
  return [
    what.padEnd(44),
    formatNumber(value.median).padStart(10),
    unit.padEnd(9),
    spread.padEnd(22),
    verdict,
  ]
    .join('  ')
    .trimEnd();
}

function print({ name, how, rows }: BenchResult): void {
  console.log(`${name}: ${how}`);
  for (const row of rows) console.log(`  ${tableLine(row)}`);
  console.log('');
}

function machine() {
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    node: process.version,
    date: new Date().toISOString(),
  };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const benches = await findBenches();
  const names = [...benches.keys()];
  const unknown = positionals.filter((name) => !benches.has(name));
  if (unknown.length > 0) {
    for (const name of unknown)
      console.error(`NAME: must be one of ${names.join(', ')}, was "${name}"${didYouMean(name, names)}`);
    process.exitCode = 2;
    return;
  }
  const where = machine();
  const results: BenchResult[] = [];
  if (!values.json) {
    console.log(
      `${where.cores} x ${where.cpu}, Node ${where.node}, ${where.date}; median, unit, quartiles, target\n`,
    );
  }
  for (const [name, bench] of benches) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const result = await bench();
    results.push(result);
    if (!values.json) print(result);
  }
  if (values.json) console.log(JSON.stringify({ machine: where, results }, null, 2));
  const missed = results.some(({ rows }) => rows.some(({ reached }) => reached === false));
  process.exitCode = missed ? 1 : 0;
}

await main();
