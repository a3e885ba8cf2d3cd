import { Agent } from 'undici';
import { createKubeApi } from '../../src/ingest/kubernetes/api.ts';
import { createCluster } from '../../src/ingest/kubernetes/cluster.ts';
import { CLUSTER } from './kubernetes-world.ts';

/** A process that watches the world and nothing else; its lines on stdout are JSON: what it measured. */
const server = process.argv[2] ?? '';
const EVENTS = 50_000;
const agent = new Agent();
const { fleets, podsEach, namespaces } = CLUSTER;
const bare = process.memoryUsage().rss;
const started = performance.now();
const cluster = createCluster({
  api: createKubeApi({
    server,
    origin: 'bench',
    prepare: async () => ({ agent, headers: {} }),
    renew() {},
    close: () => agent.destroy(),
  }),
  origin: 'bench',
  namespaces: [],
  now: Date.now,
  random: Math.random,
  isOurs: () => true,
});
const creating = performance.now() - started;

const view = (fleet: number) =>
  cluster.view({
    key: String(fleet),
    id: {
      namespace: `llm-${fleet % namespaces}`,
      name: `vllm-${fleet}`,
      role: 'replicas',
      model: 'm',
      matchLabels: {},
    },
    scaleTarget: undefined,
    promql: undefined,
  });
const isListed = async (): Promise<boolean> => {
  for (let fleet = 0; fleet < fleets; fleet += 1) {
    if (view(fleet).pods?.created !== podsEach) return false;
    // What blocks is to be the list, not who looks at it.
    if (fleet % 20 === 0) await new Promise(setImmediate);
  }
  return true;
};
let longest = 0;
let last = performance.now();
const beat = setInterval(() => {
  longest = Math.max(longest, performance.now() - last - 5);
  last = performance.now();
}, 5);
while (!(await isListed())) await new Promise((resolve) => setTimeout(resolve, 100));
clearInterval(beat);
const listing = performance.now() - started;

const spent = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
await fetch(`${server}/bench/events?count=5000`);
await new Promise((resolve) => setTimeout(resolve, 500));
const before = spent();
await fetch(`${server}/bench/events?count=${EVENTS}`);
await new Promise((resolve) => setTimeout(resolve, 500));
const perEvent = ((spent() - before) / EVENTS) * 1_000;

const round = performance.now();
for (let fleet = 0; fleet < fleets; fleet += 1) view(fleet);
const viewing = ((performance.now() - round) / fleets) * 1_000;
const { rss, heapUsed } = process.memoryUsage();
console.log(JSON.stringify({ creating, listing, longest, perEvent, viewing, rss, heapUsed, bare }));
await cluster.close();
