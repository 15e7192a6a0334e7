import { expect, test } from 'vitest';
import { allocatedBy } from '../../../scripts/bench/allocation.ts';

test('counts what calls allocate, over collections as well', () => {
  // 100 doubles, 8 bytes each, in an array and its elements: over 100 MB in all, many times the young generation.
  const bytes = allocatedBy(() => Array.from({ length: 100 }, Math.random), 100_000);
  expect(bytes).toBeGreaterThan(780);
  expect(bytes).toBeLessThan(4_000);
});

test('what allocates nothing costs next to nothing', () => {
  const columns = new Float64Array(100);
  expect(allocatedBy(() => columns.fill(1), 100_000)).toBeLessThan(8);
});
