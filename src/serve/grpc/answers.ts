import type { Answer, AnsweredFleet, Answering } from '../../control/scaler.ts';
import { ScalerError } from '../../core/scaler-error.ts';

/**
 * What is known of a fleet now. At once for a fleet that has been decided; for one seen for the first time, once it is
 * decided, but never later than `budgetMs`: KEDA calls without a deadline and holds a lock of the ScaledObject meanwhile.
 */
export function currentAnswer(
  scaler: Answering,
  fleet: AnsweredFleet,
  budgetMs: number,
): Answer | Promise<Answer> {
  const answer = scaler.answer(fleet);
  if (answer.at === null) return settledWithin(scaler, fleet, budgetMs);
  return answer.replicas === null ? scaler.explained(fleet) : answer;
}

async function settledWithin(scaler: Answering, fleet: AnsweredFleet, budgetMs: number): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => resolve(scaler.explained(fleet)), budgetMs);
  });
  try {
    return await Promise.race([scaler.settled(fleet), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** May the target leave zero? Null: nothing is known, and no floor says yes. Unknown is not inactive. */
export function activity(answer: Answer): boolean | null {
  if (answer.replicas !== null) return answer.replicas > 0;
  return answer.floorAboveZero ? true : null;
}

/** The only case without an answer by value: KEDA then keeps what runs, and its fallback counts the failure. */
export function unknown(answer: Answer): ScalerError {
  return new ScalerError('unavailable', answer.reason);
}
