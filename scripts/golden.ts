import { readFileSync } from 'node:fs';
import { runGoldenFile } from '../src/simulate/golden.ts';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error(
    'usage: npm run golden -- FILE.jsonl…\n\nRuns recorded answers of other people’s code through ours, for example\n  npm run golden -- test/golden/ray-serve-2.60.0.jsonl',
  );
  process.exit(2);
}

const total = { stories: 0, ticks: 0, differ: 0 };
for (const file of files) {
  try {
    const report = runGoldenFile(readFileSync(file, 'utf8'));
    for (const line of report.lines) console.log(`${file}: ${line}`);
    total.stories += report.stories;
    total.ticks += report.ticks;
    total.differ += report.differ;
  } catch (reason) {
    console.error(`${file}: ${reason instanceof Error ? reason.message : String(reason)}`);
    process.exit(2);
  }
}
console.log(`${total.stories} stories, ${total.ticks} ticks, ${total.differ} differ`);
process.exitCode = total.differ > 0 ? 1 : 0;
