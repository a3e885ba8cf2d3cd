import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { buildKedaClient } from '../harness/build.ts';
import { MODEL } from '../harness/vllm.ts';
import { loadFor } from './policies.ts';
import type { Scenario } from './scenario.ts';

interface Report {
  readonly metricName: string;
  readonly target: string;
  readonly values: Readonly<Record<string, number>>;
  readonly active: number;
  readonly errors: readonly string[];
  readonly woken: number;
}

export function client({ world, calm }: Scenario): void {
  it("answers KEDA's own client: 8 callers with 50 polls each, then 500 streams at once", async () => {
    const program = await buildKedaClient((line) => void process.stderr.write(`${line}\n`));
    const fleet = await world().fleet({
      namespace: 'client',
      scaler: calm(),
      policy: 'landing',
      load: loadFor(3),
    });
    await fleet.settles(3);
    const metadata = JSON.stringify({ scalerAddress: calm().address, model: MODEL, policy: 'landing' });
    const { stdout } = await promisify(execFile)(program, [
      '-namespace=client',
      `-metadata=${metadata}`,
      '-callers=8',
      '-polls=50',
      '-streams=500',
      '-patience=150s',
    ]);
    expect(JSON.parse(stdout) as Report).toEqual({
      metricName: 's0-bellwether-replicas',
      target: 'AverageValue 1',
      values: { 3: 400 },
      active: 400,
      errors: [],
      woken: 500,
    });
  });
}
