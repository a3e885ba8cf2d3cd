import { buildControlPlane, buildKedaClient } from './harness/build.ts';

/** Builds what the tests on the real KEDA need, ahead of them: `npx tsx test/kubernetes/build.ts`. */
const started = Date.now();
const progress = (line: string): void =>
  void process.stderr.write(`${Math.round((Date.now() - started) / 1000)} s: ${line}\n`);
await buildControlPlane('2.21', progress);
await buildKedaClient(progress);
await buildControlPlane('2.20', progress);
progress('all is built');
