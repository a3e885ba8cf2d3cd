import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chart } from '../../src/control/chart.ts';
import { Ring } from '../../src/control/ring.ts';

const SEED = { seed: 7, numRuns: 200 };
const operations = fc.array(fc.oneof(fc.constant('push' as const), fc.integer({ min: -1, max: 9 })), {
  maxLength: 60,
});

/** What a list that drops its oldest would hold after the same operations. */
function modelOf(first: number, ops: readonly ('push' | number)[]): number[] {
  let capacity = Math.max(1, first);
  let items: number[] = [];
  for (const [index, op] of ops.entries()) {
    if (op === 'push') items.push(index);
    else capacity = Math.max(1, op);
    items = items.slice(-capacity);
  }
  return items;
}

describe('a ring', () => {
  it('holds the newest items, oldest first, through any pushes and resizes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), operations, (capacity, ops) => {
        const ring = new Ring<number>(capacity);
        for (const [index, op] of ops.entries()) op === 'push' ? ring.push(index) : ring.resize(op);
        expect(ring.toArray()).toEqual(modelOf(capacity, ops));
      }),
      SEED,
    );
  });
});

describe('a chart', () => {
  it('holds the newest points, oldest first, unknown as null', () => {
    const pointOf = (index: number) => ({
      at: 1_790_000_000_000 + index,
      demand: index % 3 === 0 ? null : Number((index / 3).toPrecision(6)),
      floor: index % 2,
      replicas: index % 5 === 0 ? null : index,
      ready: index % 4 === 0 ? null : index,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), operations, (capacity, ops) => {
        const chart = new Chart(capacity);
        for (const [index, op] of ops.entries())
          op === 'push' ? chart.push(pointOf(index)) : chart.resize(op);
        expect(chart.toArray()).toEqual(modelOf(capacity, ops).map(pointOf));
      }),
      SEED,
    );
  });
});
