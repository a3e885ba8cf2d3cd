import { Control } from '../src/control/control.ts';
import { ScalerError } from '../src/core/scaler-error.ts';
import { aRevision, ScriptedSource, silent } from '../test/support/control.ts';
import { aSample } from '../test/support/decision.ts';
import { type BenchResult, spreadOf } from './support/result.ts';

const FLEETS = 10_000;
const CYCLES = 20;
const STEP = 5_000;

/** What deciding costs when reading costs nothing: CPU of one cycle over many fleets, garbage collection included. */
export async function benchCycle(): Promise<BenchResult> {
  let now = 1_790_000_000_000;
  const source = new ScriptedSource(
    (fleet, at) => aSample(at, { running: (fleet.key.length * 7 + at / STEP) % 60, ready: 3 }),
    now,
  );
  const control = new Control({ revision: aRevision(), source, log: silent, now: () => now });
  try {
    for (let fleet = 0; fleet < FLEETS; fleet++) {
      const handle = control.resolve({
        namespace: 'llm',
        name: `vllm-${fleet}`,
        metadata: { model: `m${fleet % 50}` },
      });
      if (handle instanceof ScalerError) throw handle;
    }
    const cpu: number[] = [];
    for (let cycle = 0; cycle < CYCLES + 5; cycle++) {
      now += STEP;
      const before = process.cpuUsage();
      await control.turn(now);
      const used = process.cpuUsage(before);
      if (cycle >= 5) cpu.push((used.user + used.system) / 1000);
    }
    return {
      name: 'cycle',
      how: `deciding ${FLEETS} fleets, samples at no cost, look-back 30 s; CPU of ${CYCLES} cycles after 5 to warm up`,
      rows: [{ what: 'CPU of a cycle', unit: 'ms', value: spreadOf(cpu) }],
    };
  } finally {
    control.close();
  }
}
