import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runTestFile } from '../../src/config/calendar-tests.ts';
import { formatProblem } from '../../src/core/problem.ts';

const CALENDARS = fileURLToPath(new URL('../../calendars/', import.meta.url));
const tests = readdirSync(CALENDARS).filter((name) => name.endsWith('.test.yaml'));

it('calendars/ holds tests', () => {
  expect(tests).toContain('us-equities.test.yaml');
});

it.each(tests)('the calendar answers what %s expects', async (name) => {
  const { problems, failures, expectations } = await runTestFile(`${CALENDARS}${name}`, 0);
  expect([...problems, ...failures.map(({ problem }) => problem)].map(formatProblem)).toEqual([]);
  expect(expectations).toBeGreaterThan(0);
});
