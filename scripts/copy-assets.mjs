// The compiler copies no CSS, SVG or browser scripts: the page's files go beside the code that serves them.
import { cpSync } from 'node:fs';

const at = (path) => new URL(`../${path}`, import.meta.url);
cpSync(at('src/serve/http/assets'), at('dist/serve/http/assets'), { recursive: true });
cpSync(at('src/simulate/backtest/assets'), at('dist/simulate/backtest/assets'), { recursive: true });
