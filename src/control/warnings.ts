import type { DecisionRecord } from '../decision/record.ts';
import type { ScalerHealth } from './scaler.ts';

/** What explain must not keep quiet although it is no step of the decision: the loudest first. */
export function warningsFor(
  record: DecisionRecord,
  { refused, revision, source }: ScalerHealth,
): readonly string[] {
  const warnings: string[] = [];
  if (refused.length > 0) {
    const more = refused.length > 1 ? ` (and ${refused.length - 1} more)` : '';
    warnings.push(
      `the configuration on disk is refused, revision ${revision} keeps serving: ${refused[0]}${more}`,
    );
  }
  if (!source.up && source.error !== null) warnings.push(`the source is down: ${source.error}`);
  if (!record.bounds.covered) {
    warnings.push(
      'the calendar does not cover this instant: its weekly shape stays, holidays and other dated rows are unknown',
    );
  }
  return warnings;
}
