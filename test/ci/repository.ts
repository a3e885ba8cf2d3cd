import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Repository {
  readonly path: string;
  write(files: Readonly<Record<string, string | null>>): Promise<void>;
  /** Commits everything that there is and answers the commit's id. */
  commit(message: string): string;
  git(...args: readonly string[]): string;
  /** Runs a command in the repository to its end. */
  run(command: string, env?: NodeJS.ProcessEnv): Promise<Ended>;
  remove(): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of the machine's own git is used, nor of a repository that the tests may run in. */
const GIT_ENV = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ann',
  GIT_AUTHOR_EMAIL: 'ann@example.com',
  GIT_COMMITTER_NAME: 'Ann',
  GIT_COMMITTER_EMAIL: 'ann@example.com',
};

/** A repository of its own with the CI pieces in it, on the branch main. */
export async function aRepository(): Promise<Repository> {
  const path = await mkdtemp(join(tmpdir(), 'bellwether-review-'));
  const env = { ...withoutGit(process.env), ...GIT_ENV };
  const git = (...args: readonly string[]): string =>
    execFileSync('git', [...args], {
      cwd: path,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  git('init', '--quiet', '--initial-branch=main');
  await cp(join(ROOT, 'deploy/ci'), join(path, 'deploy/ci'), { recursive: true });
  return {
    path,
    git,
    async write(files) {
      for (const [name, text] of Object.entries(files)) {
        const file = join(path, name);
        await mkdir(dirname(file), { recursive: true });
        await (text === null ? rm(file) : writeFile(file, text));
      }
    },
    commit(message) {
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', message);
      return git('rev-parse', 'HEAD');
    },
    async run(command, more = {}) {
      // As GitHub runs a step; what a machine's own bashrc says is not the step's.
      const child = spawn('bash', ['--noprofile', '--norc', '-euo', 'pipefail', '-c', command], {
        cwd: path,
        env: { ...env, NO_COLOR: '1', ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk) => {
        stdout += chunk;
      });
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, stdout, stderr };
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

function withoutGit(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(GIT_|GITHUB_|CI_|CI$|GITLAB_)/.test(name)),
  );
}
