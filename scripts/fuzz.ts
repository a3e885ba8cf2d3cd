import { parseArgs } from 'node:util';
import { startWorld } from '../test/support/fault-world.ts';
import { aFuzzer } from '../test/support/fuzz.ts';

const HELP = `usage: npm run fuzz -- [--inputs N] [--seed N]

Sends N (default 1000000) hostile inputs to a \`bellwether serve\` of its own: gRPC calls and raw frames, HTTP, metadata,
YAML. Prints what was answered, crashes, and the most memory that the process held. Exit 1 if anything crashed.`;

function optionsOf() {
  const count = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ options: { inputs: count, seed: count, help: { type: 'boolean' } } });
    const [inputs, seed] = [Number(values.inputs ?? 1_000_000), Number(values.seed ?? 1)];
    return values.help !== true && inputs > 0 && Number.isInteger(seed) ? { inputs, seed } : null;
  } catch {
    return null;
  }
}

const options = optionsOf();
if (options === null) {
  console.error(HELP);
  process.exit(2);
}
const { inputs, seed } = options;

const SENDERS = 8;
const world = await startWorld();
const started = Date.now();
const failures: string[] = [];
let sent = 0;
let most = 0;

async function look(): Promise<void> {
  const page = await fetch(`${world.process.httpAddress}/metrics`).then((answer) => answer.text());
  most = Math.max(most, Number(/^process_resident_memory_bytes (\S+)$/m.exec(page)?.[1]) || 0);
}
let dead = false;
void world.process.exit.then(() => {
  dead = true;
});
const progress = setInterval(async () => {
  await look().catch(() => {});
  console.error(`${sent} inputs, RSS at most ${Math.round(most / 2 ** 20)} MiB, ${failures.length} failures`);
}, 5_000);

const fuzzers = Array.from({ length: SENDERS }, (_, index) => aFuzzer(world.process, seed * SENDERS + index));
await Promise.all(
  fuzzers.map(async (fuzzer) => {
    while (sent < inputs && !dead && failures.length < 20) {
      sent++;
      await fuzzer.next().catch((reason: unknown) => failures.push(String(reason)));
    }
  }),
);
clearInterval(progress);
await look().catch(() => {});
const answers = new Map<string, number>();
for (const fuzzer of fuzzers) {
  for (const [answer, count] of fuzzer.answers) answers.set(answer, (answers.get(answer) ?? 0) + count);
  fuzzer.close();
}
const alive = !dead && (await world.replicas().catch(() => -1)) === 4;
await world.stop();
for (const failure of failures) console.log(failure);
for (const [answer, count] of [...answers].sort()) console.log(`${String(count).padStart(9)}  ${answer}`);
const crashes = failures.length + (alive ? 0 : 1);
const seconds = Math.round((Date.now() - started) / 1000);
console.log(
  `${sent} inputs in ${seconds} s: ${crashes} crashes, RSS at most ${Math.round(most / 2 ** 20)} MiB`,
);
process.exit(crashes > 0 ? 1 : 0);
