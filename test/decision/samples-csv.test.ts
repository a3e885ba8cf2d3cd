import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/core/problem.ts';
import { replay, replayJson } from '../../src/decision/replay.ts';
import { parseSamples } from '../../src/decision/samples-csv.ts';

const problemsOf = (text: string): string[] => parseSamples(text, 's.csv').problems.map(formatProblem);

describe('a samples CSV', () => {
  it('reads Unix seconds and ISO times, columns in any order, empty cells as absent', () => {
    const { rows, problems } = parseSamples(
      'ready,time,running,waiting\n2,1790000000,5,1\n,2026-09-21T14:13:30Z,,\n',
      's.csv',
    );
    expect(problems).toEqual([]);
    expect(rows.map(({ time }) => time)).toEqual([1_790_000_000, '2026-09-21T14:13:30Z']);
    expect(rows[0]?.sample).toMatchObject({
      at: 1_790_000_000_000,
      presence: 'fresh',
      running: 5,
      waiting: 1,
      replicas: { ready: 2 },
    });
    expect(rows[1]?.sample).toMatchObject({ presence: 'absent', running: null, replicas: { ready: null } });
  });

  it('takes a column that is not there as not measured, not as unknown', () => {
    expect(parseSamples('time,running\n1,4\n', 's.csv').rows[0]?.sample).toMatchObject({
      running: 4,
      waiting: 0,
    });
  });

  it.each([
    [
      'an unknown column',
      'time,runing\n1,2\n',
      [
        's.csv:1:6: must be one of time, running, waiting, ready, starting, spec, unschedulable, kv_cache_usage, arrived, was "runing" (did you mean "running"?)',
      ],
    ],
    ['no time', 'running\n1\n', ['s.csv:1:1 time: must be a column of the header, was missing']],
    [
      'bad cells, all at once',
      'time,running,ready\n1,x,1.5\nlater,-1,1\n',
      [
        's.csv:2:3 running: must be a number from 0, or empty where it is absent, was "x"',
        's.csv:2:5 ready: must be a whole number from 0, or empty where it is absent, was "1.5"',
        's.csv:3:1 time: must be Unix seconds or ISO 8601 with a zone, was "later"',
        's.csv:3:7 running: must be a number from 0, or empty where it is absent, was "-1"',
      ],
    ],
    [
      'rows out of order',
      'time,running\n5,1\n5,1\n',
      ['s.csv:3:1 time: must be later than the row before, was 5'],
    ],
    [
      'a row too short',
      'time,running,ready\n5,1\n',
      ['s.csv:2:1: must have 3 cells as the header has, was 2'],
    ],
    ['no rows', 'time,running\n', ['s.csv:1:1: must have at least one row below the header']],
  ])('names %s', (_name, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseSamples(text, 's.csv')));
  });
});

describe('replay', () => {
  const fields = { maxReplicas: 10, minReplicas: 2, lookBackPeriod: 0, upscaleDelay: 0 };
  const run = (text: string, start?: number) =>
    [...replay({ rows: parseSamples(text, 's.csv').rows, fields, calendar: null, start })].map(replayJson);

  it('starts from minReplicas, or from --start, and goes on from its own answers', () => {
    expect(run('time,running,ready\n0,50,2\n5,0,5\n')).toMatchObject([
      { time: 0, replicas: 5, held: false },
      { time: 5, replicas: 5 },
    ]);
    expect(run('time,running,ready\n0,0,7\n', 7)).toMatchObject([{ replicas: 7 }]);
  });

  it('holds on an absent row and prints each step with its reason', () => {
    const [, absent] = run('time,running,ready\n0,20,2\n5,,2\n') as {
      held: boolean;
      replicas: number;
      steps: { step: string }[];
    }[];
    expect(absent).toMatchObject({ held: true, replicas: 2, buffer: 0 });
    expect(absent?.steps.map(({ step }) => step)).toEqual([
      'signals',
      'demand',
      'gain',
      'bounds',
      'burst',
      'delay',
      'guards',
      'landing',
      'clamp',
      'buffer',
    ]);
  });
});

describe('arrived requests', () => {
  it('are read where somebody counted them, unknown in an empty cell and without the column', () => {
    const arrivedOf = (text: string) => parseSamples(text, 's.csv').rows.map(({ sample }) => sample.arrived);
    expect(arrivedOf('time,running,arrived\n1000,1,7.5\n1005,1,\n')).toEqual([7.5, null]);
    expect(arrivedOf('time,running\n1000,1\n')).toEqual([null]);
  });
});
