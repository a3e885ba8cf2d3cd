import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { lint, one, render, type Values } from './chart.ts';

const page = await readFile(new URL('../../docs/install.md', import.meta.url), 'utf8');
const values = parse(/```yaml values\.yaml\n(.*?)```/s.exec(page)?.[1] ?? '');

describe('docs/install.md', () => {
  it('shows values that the chart takes', async () => {
    expect(await lint(values)).toContain('0 chart(s) failed');
    const kinds = (await render(values)).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['ServiceMonitor', 'PrometheusRule']));
  });

  it('sets only values that exist', async () => {
    const settings = [...page.matchAll(/--set (\S+)/g)].flatMap(([, list = '']) =>
      list.split(',').map((setting) => setting.split('=') as [string, string]),
    );
    expect(settings.length).toBeGreaterThan(5);
    const all = settings.reduce<Values>(
      (merged, [path, text]) => withSetting(merged, path.split('.'), text),
      {},
    );
    expect(one(await render(all), 'Deployment').spec.template.spec.containers[0].image).toBe(
      'bellwether:0.1.1',
    );
  });
});

/** As helm's --set puts it, for keys without dots and values that are text or true. */
function withSetting(values: Values, [key = '', ...rest]: readonly string[], text: string): Values {
  if (rest.length === 0) return { ...values, [key]: text === 'true' ? true : text };
  return { ...values, [key]: withSetting((values[key] ?? {}) as Values, rest, text) };
}
