import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Recording } from '../harness/recorder.ts';
import { chart } from './chart.ts';

/** Draws each recorded timeline of docs/e2e into an SVG beside it: `npx tsx test/kubernetes/report/draw.ts`. */
const FOLDER = fileURLToPath(new URL('../../../docs/e2e', import.meta.url));

await mkdir(FOLDER, { recursive: true });
for (const version of ['keda-2.21', 'keda-2.20']) {
  const text = await readFile(join(FOLDER, `${version}.jsonl`), 'utf8').catch(() => '');
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const recording = JSON.parse(line) as Recording;
    const prefix = version === 'keda-2.21' ? '' : `${version}-`;
    await writeFile(join(FOLDER, `${prefix}${recording.name}.svg`), chart(recording));
  }
}
