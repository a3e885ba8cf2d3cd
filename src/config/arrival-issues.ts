import { arrivalRuleOf } from '../core/arrival-rule.ts';
import { formatDuration } from '../core/duration.ts';
import type { PolicyFields } from '../core/policy.ts';
import { type Issue, warningAt } from './issue.ts';

/** A season of fewer days knows no week. */
const WEEK = 7 * 86_400_000;

/** Traps of a policy that reads the arrival rate. `given`: as written; `fields`: with the preset under it. */
export function arrivalIssues(given: PolicyFields, fields: PolicyFields): readonly Issue[] {
  const signal = fields.signals?.arrivalRate;
  if (signal === undefined) return [];
  const issues: Issue[] = [];
  const { history } = arrivalRuleOf(signal);
  if (history > 0 && history < WEEK) {
    const path = ['signals', 'arrivalRate', 'season', 'history'];
    const days = formatDuration(history);
    issues.push(
      warningAt(path, `${days} of history hold no week: weekends and holidays are not told from other days`),
    );
  }
  if (fields.signals?.only !== 'arrivalRate') return issues;
  for (const field of ['lookBackPeriod', 'aggregation'] as const) {
    if (given[field] === undefined) continue;
    issues.push(
      warningAt([field], 'has no effect on the arrival rate, which has windows of its own and is read alone'),
    );
  }
  if (given.burst?.threshold !== undefined) {
    issues.push(
      warningAt(
        ['burst'],
        'has no effect while the arrival rate is read alone: a burst is told by ongoing requests',
      ),
    );
  }
  return issues;
}
