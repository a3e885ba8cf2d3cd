/**
 * A thread that asks once for the replicas of `aRef()` and leaves them in shared memory: who started it can stand still
 * meanwhile, as a thread does that computes.
 */
import { workerData } from 'node:worker_threads';
import { aRef, KedaClient } from './keda-client.ts';

const { address, shared } = workerData as { readonly address: string; readonly shared: Int32Array };
const keda = new KedaClient(address);
const { metricValues } = await keda.getMetrics(aRef());
Atomics.store(shared, 1, metricValues[0]?.metricValue ?? -1);
Atomics.store(shared, 0, 1);
Atomics.notify(shared, 0);
keda.close();
