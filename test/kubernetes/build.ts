import { buildControlPlane } from './harness/build.ts';

/** Builds what the tests on the real KEDA need, ahead of them: `npx tsx test/kubernetes/build.ts`. */
const started = Date.now();
const progress = (line: string): void =>
  void process.stderr.write(`${Math.round((Date.now() - started) / 1000)} s: ${line}\n`);
for (const version of ['2.21', '2.20'] as const) await buildControlPlane(version, progress);
progress('all is built');
