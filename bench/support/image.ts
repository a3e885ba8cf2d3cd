import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Node's flags and the environment that the image starts the program with. */
export async function asInImage(): Promise<{
  flags: readonly string[];
  env: Readonly<Record<string, string>>;
}> {
  const text = await readFile(fileURLToPath(new URL('../../Dockerfile', import.meta.url)), 'utf8');
  const image = text.slice(text.lastIndexOf('\nFROM '));
  const [, entry] = /^ENTRYPOINT (.*)$/m.exec(image) ?? [];
  const [node, ...args] = JSON.parse(entry ?? '[]') as string[];
  if (node !== 'node' || args.pop() !== 'dist/cli.js') throw new Error('the image starts something else');
  const settings = [...image.matchAll(/^ENV (.*)$/gm)].flatMap(([, pairs = '']) => pairs.split(' '));
  return { flags: args, env: Object.fromEntries(settings.map((pair) => pair.split('=', 2))) };
}
