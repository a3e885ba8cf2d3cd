// The compiler copies no CSS, SVG or browser scripts: the pages' files go beside the code that serves them.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = process.argv[2] ?? join(root, 'dist');
for (const assets of ['serve/http/assets', 'simulate/backtest/assets'])
  cpSync(join(root, 'src', assets), join(out, assets), { recursive: true });
