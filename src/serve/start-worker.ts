import { Worker } from 'node:worker_threads';

/** Starts a thread. In a checkout the script is TypeScript, and the loader of the main thread does not reach its threads. */
export function startWorker(script: URL, workerData: unknown): Worker {
  if (!script.pathname.endsWith('.ts')) return new Worker(script, { workerData });
  const loader = import.meta.resolve('tsx/esm/api');
  const code = `import(${JSON.stringify(loader)}).then(({ register }) => (register(), import(${JSON.stringify(script.href)})));`;
  return new Worker(code, { eval: true, workerData });
}
