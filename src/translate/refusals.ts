import { readCalendar } from '../config/load-calendar.ts';
import { readPolicy } from '../config/policy-document.ts';
import { scaledObjectIssues } from '../config/scaled-object.ts';
import { parseYaml } from '../config/yaml.ts';
import { hasErrors, type Problem } from '../core/problem.ts';
import { mapAt } from './source-lines.ts';

/** What `check` would refuse of a translation: its source contradicts itself, or allows what Bellwether does not. */
export function refusals(output: string, now: number): readonly Problem[] {
  const { documents, problems } = parseYaml(output, 'translation');
  const known = { policies: undefined, calendars: undefined };
  const found = documents.flatMap((document) => {
    const { value } = document;
    if (mapAt(value).kind === 'ScaledObject') return document.toProblems(scaledObjectIssues(value, known));
    if ('policy' in mapAt(value)) return document.toProblems(readPolicy(value).issues);
    return document.toProblems(readCalendar(value, now).issues);
  });
  const all = [...problems, ...found];
  return hasErrors(all) ? all.filter(({ severity }) => severity === 'error') : [];
}
