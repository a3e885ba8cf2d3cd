import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseDate } from '../../src/calendar/civil-date.ts';
import { diffJson } from '../../src/calendar/diff/json.ts';
import { diffMarkdown } from '../../src/calendar/diff/markdown.ts';
import type { DocumentDiff } from '../../src/calendar/diff/report.ts';
import { diffText } from '../../src/calendar/diff/text.ts';
import { type DiffRequest, diffFiles, diffGit } from '../../src/config/diff-sources.ts';
import { aRepository, type Repository } from '../ci/repository.ts';
import { aDirectory, told } from './files.ts';

const REQUEST: DiffRequest = {
  from: parseDate('2026-11-23') ?? null,
  to: parseDate('2026-11-29') ?? null,
  now: Date.parse('2026-11-02T12:00:00Z'),
  autoLeadMs: 0,
};

const DESK = `calendar: desk
timezone: America/New_York
sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
windows:
  - {name: market-hours, on: regular, floor: 2}
`;
const EARLY = `${DESK}earlyCloses:\n  - {date: 2026-11-27, close: "13:00"}\n`;
const POLICY = 'policy: default\nminReplicas: 1\nmaxReplicas: 4\ncalendar: desk\n';

/** `changed calendar desk calendars/desk.yaml -6`. */
function lines(documents: readonly DocumentDiff[]): readonly string[] {
  return documents.map((document) => {
    const { kind, name, path, status, previousName, previousPath, diff } = document;
    const change = diff ? diff.balance.gained - diff.balance.lost : 'no diff';
    const was = [previousName, previousPath].filter((each) => each !== null).join(' ');
    return `${status} ${kind} ${name} ${path}${was && ` was ${was}`} ${change}`;
  });
}

const report = (documents: readonly DocumentDiff[]) => ({
  before: 'a',
  after: 'b',
  gpusPerReplica: 8,
  documents,
});

describe('the diff of two revisions', () => {
  let repository: Repository;
  let base: string;
  const here = process.cwd();

  beforeAll(async () => {
    repository = await aRepository();
    await repository.write({
      'calendars/desk.yaml': DESK,
      'calendars/other.yaml': DESK.replace('desk', 'other'),
      'calendars/broken.yaml': DESK.replace('desk', 'broken').replace(
        'America/New_York',
        'America/New_Yorck',
      ),
      'policies/default.yaml': POLICY,
      'k8s/deployment.yaml': 'apiVersion: apps/v1\nkind: Deployment\n',
      'k8s/template.yaml': 'a: {{ .Values.a }}: [\n',
    });
    base = repository.commit('base');
    process.chdir(repository.path);
  });
  beforeEach(() => {
    repository.git('checkout', '--quiet', '--force', '-B', 'head', base);
  });
  afterEach(() => process.chdir(repository.path));
  afterAll(async () => {
    process.chdir(here);
    await repository.remove();
  });

  const compare = (paths: readonly string[] = [], range = `${base}...HEAD`) => diffGit(range, paths, REQUEST);

  it('finds calendars that were changed, renamed, added and deleted, and leaves other YAML aside', async () => {
    await repository.write({
      'calendars/desk.yaml': null,
      'calendars/nyse.yaml': EARLY,
      'calendars/other.yaml': null,
      'calendars/new.yaml': DESK.replace('desk', 'new'),
      'calendars/new.test.yaml': 'calendar: new.yaml\nexpect: []\n',
      'k8s/template.yaml': 'a: {{ .Values.b }}: [\n',
      'k8s/deployment.yaml': 'apiVersion: apps/v1\nkind: Deployment\nspec: {}\n',
    });
    repository.commit('change');
    expect(lines(await compare())).toEqual([
      'added calendar new calendars/new.yaml 65',
      'changed calendar desk calendars/nyse.yaml was calendars/desk.yaml -6',
      'deleted calendar other calendars/other.yaml -65',
    ]);
    expect(lines(await compare(['k8s']))).toEqual([]);
  });

  it('follows a calendar that was moved into another file and one that was given another name', async () => {
    await repository.write({
      'calendars/desk.yaml': `${DESK.replace('desk', 'nyse')}`,
      'calendars/other.yaml': null,
      'all.yaml': `${DESK.replace('desk', 'other')}---\n${POLICY.replace('default', 'second')}`,
    });
    repository.commit('change');
    expect(lines(await compare())).toEqual([
      'changed calendar other all.yaml was calendars/other.yaml 0',
      'added policy second all.yaml 168',
      'changed calendar nyse calendars/desk.yaml was desk 0',
    ]);
  });

  it('compares a policy with the calendar that it follows, wherever that lies', async () => {
    await repository.write({
      'policies/default.yaml': POLICY.replace('minReplicas: 1', 'minReplicas: 3').replace(
        'calendar',
        'upscaleDelay: 10s\ncalendar',
      ),
    });
    repository.commit('change');
    const [document] = await compare(['policies']);
    expect(document?.fields).toEqual([
      { field: 'minReplicas', before: '1', after: '3' },
      { field: 'upscaleDelay', before: null, after: '10s' },
    ]);
    // A week has 168 hours: two replicas more outside the 32.5 of the floor 2, one more inside.
    expect(document?.diff?.balance).toEqual({ gained: 2 * (168 - 32.5) + 32.5, lost: 0 });
    expect(document?.diff?.notes).toEqual([]);
  });

  it('shows a calendar alone whose base does not parse, and says so', async () => {
    await repository.write({ 'calendars/broken.yaml': DESK.replace('desk', 'broken') });
    repository.commit('repair');
    const documents = await compare();
    expect(documents.map(({ beforeProblems }) => told(beforeProblems, ''))).toEqual([
      [expect.stringContaining('timezone: must be an IANA time zone')],
    ]);
    expect(diffJson(report(documents)).documents[0]).toMatchObject({
      replicaHours: { before: null, after: 65, change: null },
      changes: [{ floor: { before: null, after: 2 }, replicaHours: 65 }],
    });
    expect(diffText(report(documents))).toContain(
      'asks for 65 replica-hours, 520 GPU-hours at 8 GPUs a replica',
    );
    expect(diffText(report(documents))).toContain('? -> 2');
    expect(diffMarkdown(report(documents))).toContain('It was broken before, so only the new one is shown');
  });

  it('tells a head that is no YAML, new or not, and compares the rest', async () => {
    await repository.write({
      'calendars/desk.yaml': `${DESK}holidays: [\n`,
      'calendars/new.yaml': 'calendar: new\ntimezone: [',
      'calendars/other.yaml': EARLY.replace('desk', 'other'),
    });
    repository.commit('a mistake');
    const documents = await compare();
    expect(lines(documents)).toEqual([
      'changed file  calendars/desk.yaml no diff',
      'added file  calendars/new.yaml no diff',
      'changed calendar other calendars/other.yaml -6',
    ]);
    expect(documents.map(({ afterProblems }) => afterProblems.length > 0)).toEqual([true, true, false]);
  });

  it('reads from anywhere inside the repository, paths counted from there', async () => {
    await repository.write({ 'calendars/desk.yaml': EARLY });
    repository.commit('change');
    process.chdir(join(repository.path, 'calendars'));
    expect(lines(await compare(['desk.yaml']))).toEqual(['changed calendar desk calendars/desk.yaml -6']);
    expect(lines(await compare(['../policies']))).toEqual([]);
  });

  it('compares with where the branch left its base, or with two dots with the base itself', async () => {
    await repository.write({ 'calendars/desk.yaml': EARLY });
    repository.commit('change');
    repository.git('checkout', '--quiet', '-B', 'moved-on', base);
    await repository.write({ 'calendars/other.yaml': EARLY.replace('desk', 'other') });
    repository.commit('meanwhile');
    expect(lines(await compare([], 'moved-on...head'))).toEqual([
      'changed calendar desk calendars/desk.yaml -6',
    ]);
    expect(lines(await compare([], 'moved-on..head'))).toHaveLength(2);
    expect(lines(await compare([], 'head...'))).toEqual(['changed calendar other calendars/other.yaml -6']);
  });

  it.each([
    ['main', '--git must be BASE...HEAD or BASE..HEAD, was "main"'],
    ['...HEAD', '--git must be BASE...HEAD or BASE..HEAD, was "...HEAD"'],
    ['--output=x...HEAD', '--git must be BASE...HEAD or BASE..HEAD, was "--output=x...HEAD"'],
    ['nowhere...HEAD', '--git: must name a revision that is here, was "nowhere"'],
    ['HEAD...$(id)', '--git: must name a revision that is here, was "$(id)"'],
  ])('refuses the range %s', async (range, message) => {
    await expect(compare([], range)).rejects.toThrow(message);
  });

  it('says that a repository is missing, and that a shallow clone has no common ancestor', async () => {
    repository.git('checkout', '--quiet', '--orphan', 'other-history');
    repository.commit('another root');
    await expect(compare()).rejects.toThrow(/must have a common ancestor here .*fetch-depth: 0/);
    process.chdir('/');
    await expect(compare()).rejects.toThrow('--git must be used inside a git repository');
  });
});

describe('the diff of two files', () => {
  const compare = async (before: string, after: string) => {
    const directory = await aDirectory({ 'old.yaml': before, 'new.yaml': after });
    return diffFiles(join(directory, 'old.yaml'), join(directory, 'new.yaml'), REQUEST);
  };

  it('prints nothing where only comments, order and formatting moved', async () => {
    const documents = await compare(DESK, `# hello\n${DESK.replaceAll(', ', ',    ')}# bye\n`);
    expect(diffText(report(documents))).toBe('');
    expect(diffMarkdown(report(documents))).toContain(
      'Nothing changes: only comments, order or formatting moved.',
    );
    expect(diffJson(report(documents)).documents).toMatchObject([
      {
        changes: [],
        weeks: [],
        sessions: [],
        firstEffect: null,
        replicaHours: { before: 65, after: 65, change: 0 },
      },
    ]);
  });

  it('writes every date and instant as JSON', async () => {
    const [document] = diffJson(report(await compare(DESK, EARLY))).documents;
    expect(document).toMatchObject({
      kind: 'calendar',
      name: 'desk',
      timezone: 'America/New_York',
      from: '2026-11-23',
      to: '2026-11-29',
      firstEffect: '2026-11-27T18:00:00Z',
      replicaHours: { before: 65, after: 59, gained: 0, lost: 6, change: -6 },
      gpuHours: { before: 520, after: 472, gained: 0, lost: 48, change: -48 },
      weeks: [{ week: '2026-11-23', replicaHours: -6, gpuHours: -48 }],
      changes: [
        {
          days: 'Fri 2026-11-27',
          dates: ['2026-11-27'],
          from: '13:00',
          to: '16:00',
          floor: { before: 2, after: 0 },
          windows: { gone: ['market-hours'], added: [], changed: [] },
          utc: [{ from: '2026-11-27T18:00:00Z', to: '2026-11-27T21:00:00Z' }],
        },
      ],
      sessions: [{ session: 'regular', dates: ['2026-11-27'], before: '09:30-16:00', after: '09:30-13:00' }],
    });
  });

  it('writes one comment: a marker, a table, a chart of a typical and each changed day, a collapsed list', async () => {
    const text = diffMarkdown(report(await compare(DESK, EARLY)));
    expect(text.split('\n')[0]).toBe('<!-- bellwether calendar diff -->');
    expect(text).toContain(
      '| Fri 2026-11-27 | 13:00-16:00 | 18:00-21:00 | 2 -&gt; 0 | -6 | -48 | -market-hours |',
    );
    const chart = text.split('\n').filter((line) => /^(typical|Fri| {16}is)/.test(line));
    expect(chart).toEqual([
      `typical Mon 2026-11-23  ${'·'.repeat(19)}${'█'.repeat(13)}${'·'.repeat(16)}`,
      `Fri 2026-11-27  was     ${'·'.repeat(19)}${'█'.repeat(13)}${'·'.repeat(16)}`,
      `                is      ${'·'.repeat(19)}${'█'.repeat(7)}${'·'.repeat(22)}`,
    ]);
    expect(text).toMatch(
      /<details><summary>desk: every date and week<\/summary>[\s\S]*2026-11-27[\s\S]*<\/details>$/,
    );
  });

  it('keeps what people wrote from becoming markup, a mention, or the end of a block', async () => {
    const name = '"</details> | @everyone `x` ```\\n# <script>"';
    const text = diffMarkdown(
      report(await compare(DESK, EARLY.replace('"13:00"', `"13:00", name: ${name}`))),
    );
    const row = text.split('\n').find((line) => line.startsWith('| regular')) ?? '';
    expect(row).toContain('&lt;/details&gt; \\| @\u200beveryone \\`x\\`');
    expect(text.split('</details>')).toHaveLength(2);
    expect(text).not.toContain('<script>');
  });

  it('stays within what a comment may have, and says that it was cut', async () => {
    const rows = Array.from({ length: 1_500 }, (_, index) => {
      const date = new Date(Date.UTC(2026, 0, 1) + index * 86_400_000).toISOString().slice(0, 10);
      const [open, close] = [60 + ((index * 7) % 400), 1000 + ((index * 11) % 400)].map((minute) =>
        new Date(minute * 60_000).toISOString().slice(11, 16),
      );
      return `  - {name: e, date: ${date}, hours: "${open}-${close}"}`;
    });
    const busy = `${DESK}  - {name: busy, on: e, floor: 5}\nevents:\n${rows.join('\n')}\n`;
    const directory = await aDirectory({ 'old.yaml': DESK, 'new.yaml': busy });
    const documents = await diffFiles(join(directory, 'old.yaml'), join(directory, 'new.yaml'), {
      ...REQUEST,
      to: (REQUEST.to ?? 0) + 1_000,
    });
    const text = diffMarkdown(report(documents));
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain('_Cut off here');
  });

  it('refuses a file that is neither, and one that is not there', async () => {
    const [document] = await compare(DESK, 'kind: Deployment\napiVersion: v1\n');
    expect(document?.afterProblems[0]?.message).toBe('must hold a calendar or a policy, held neither');
    await expect(diffFiles('/nowhere/a.yaml', '/nowhere/b.yaml', REQUEST)).rejects.toThrow('was missing');
  });

  it('looks from today to the later end of coverage, at most 400 days', async () => {
    const rangeOf = async (covers: string) => {
      const directory = await aDirectory({ 'old.yaml': DESK, 'new.yaml': `${DESK}${covers}` });
      const [document] = await diffFiles(join(directory, 'old.yaml'), join(directory, 'new.yaml'), {
        ...REQUEST,
        from: null,
        to: null,
      });
      return document?.diff?.range;
    };
    expect(await rangeOf('')).toEqual({ from: '2026-11-02', to: '2027-12-06' });
    const covered = `covers: {from: 2026-01-01, to: 2026-12-31}\n`;
    const directory = await aDirectory({ 'old.yaml': DESK + covered, 'new.yaml': EARLY + covered });
    const [document] = await diffFiles(join(directory, 'old.yaml'), join(directory, 'new.yaml'), {
      ...REQUEST,
      from: null,
      to: null,
    });
    expect(document?.diff?.range).toEqual({ from: '2026-11-02', to: '2026-12-31' });
  });
});
