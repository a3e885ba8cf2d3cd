import type { Scaler } from '../../src/control/scaler.ts';
import { fakeScaler } from '../../test/support/fake-scaler.ts';

/** The Scaler behind the benched server. */
export function benchScaler(): Scaler {
  return fakeScaler();
}
