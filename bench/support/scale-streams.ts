/**
 * `scale-streams.ts ADDRESS STREAMS`: KEDA's streams of bench/scale.ts, apart from its calls so that no call waits here for what the streams
 * bring. Opens them and says 'ready' once each has been told something. Ends with its parent.
 */
import { setMaxListeners } from 'node:events';
import { KedaClient } from '../../test/support/keda-client.ts';
import { scaleRef } from './scale-world.ts';

const [address = '', streams = '0'] = process.argv.slice(2);
const keda = new KedaClient(address);
const { signal } = new AbortController();
setMaxListeners(0, signal);
const sleep = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_000));
await Promise.all(
  Array.from(
    { length: Number(streams) },
    (_, index) =>
      new Promise<void>((resolve) => {
        void keda.followActivity(scaleRef(index), { onMessage: () => resolve(), sleep, signal });
      }),
  ),
);
process.on('disconnect', () => process.exit());
process.send?.('ready');
