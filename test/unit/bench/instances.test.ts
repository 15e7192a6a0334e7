import { expect, test } from 'vitest';
import type { Sample } from '../../../scripts/bench/container.ts';
import { spanOf } from '../../../scripts/bench/instances.ts';

function sample(partitions: number, recordsOut: number, cpuSeconds: number): Sample {
  return { partitions, recordsOut, recordsIn: recordsOut, cpuSeconds, residentBytes: 0 };
}

test('an instance counts from when it is warm and has its share for good, until it has nothing left', () => {
  const warm = sample(5, 170_000, 3);
  const samples = [
    sample(60, 160_000, 2), // warm, and not yet in the assignment that lasts
    warm,
    sample(5, 190_000, 3.2),
    sample(5, 200_000, 3.3),
    sample(5, 200_000, 3.5), // waits for the others
  ];
  const span = spanOf(samples, 5);
  expect(span).toMatchObject({ records: 30_000, cold: warm });
  expect(span?.cpuSeconds).toBeCloseTo(0.3);
});

test('one that never warms up, or is done before it is, does not count', () => {
  expect(spanOf([sample(5, 10_000, 1), sample(5, 100_000, 2)], 5)).toBeUndefined();
  expect(spanOf([sample(5, 10_000, 1), sample(5, 160_000, 2)], 5)).toBeUndefined();
  expect(spanOf([sample(60, 160_000, 1), sample(60, 190_000, 2)], 5)).toBeUndefined();
});
