import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const FONTS_CONF = 'fonts.conf';

/** A headless Chromium out of the npm package; nothing is downloaded or installed. The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const folder = await unpacked();
  return playwright.launch({
    executablePath: join(folder, 'chromium'),
    headless: true,
    args: ARGS,
    env: {
      ...process.env,
      // Under LANG=C Chromium calls its language en-US@posix, which Intl refuses.
      LANG: 'en_US.UTF-8',
      LC_ALL: 'en_US.UTF-8',
      FONTCONFIG_FILE: join(folder, FONTS_CONF),
      LD_LIBRARY_PATH: [join(folder, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH ?? '']
        .filter(existsSync)
        .join(':'),
    },
  });
}

/** The package's files, unpacked once a version: aside first and renamed when whole, so that parallel runs cannot see half of it. */
async function unpacked(): Promise<string> {
  const root = packageRoot();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const folder = join(tmpdir(), `bellwether-browser-${version}`);
  if (existsSync(folder)) return folder;
  const aside = mkdtempSync(`${folder}-`);
  await inflateInto(aside);
  if (execFileSync('ldd', [join(aside, 'chromium')], { encoding: 'utf8' }).includes('not found'))
    libraries(root, aside);
  writeFileSync(join(aside, FONTS_CONF), fontsConf(folder));
  try {
    renameSync(aside, folder);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** The package unpacks into the temporary directory, which is told by TMPDIR. */
async function inflateInto(folder: string): Promise<void> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    await chromium.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/** The libraries that a bare machine lacks (nss, nspr) come with the package. */
function libraries(root: string, folder: string): void {
  const tar = join(folder, 'al2023.tar');
  mkdirSync(join(folder, 'al2023'));
  writeFileSync(tar, brotliDecompressSync(readFileSync(join(root, 'bin', 'al2023.tar.br'))));
  execFileSync('tar', ['-xf', tar, '-C', join(folder, 'al2023')]);
  rmSync(tar);
}

/** The package's own file names folders of another machine; without any font no text has a size, and nothing can be seen or clicked. */
function fontsConf(folder: string): string {
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE fontconfig SYSTEM "fonts.dtd">',
    '<fontconfig>',
    `  <dir>${join(folder, 'fonts')}</dir>`,
    `  <cachedir>${join(folder, 'fonts-cache')}</cachedir>`,
    '</fontconfig>',
    '',
  ].join('\n');
}

function packageRoot(): string {
  let folder = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  while (!existsSync(join(folder, 'bin', 'chromium.br'))) {
    if (dirname(folder) === folder) throw new Error('@sparticuz/chromium holds no chromium.br; run npm ci');
    folder = dirname(folder);
  }
  return folder;
}
