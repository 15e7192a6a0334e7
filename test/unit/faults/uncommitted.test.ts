import { expect, test } from 'vitest';
import { uncommittedFor } from '../../../scripts/faults/uncommitted.ts';

const marks = [
  { atMs: 1_000, text: 'killed' },
  { atMs: 9_000, text: 'killed again' },
];

test('what was doubled is blamed on the fault before its second output, and the oldest first one counts', () => {
  const doubled = [
    { firstMs: 950, againMs: 4_000 },
    { firstMs: 100, againMs: 5_000 },
    { firstMs: 8_800, againMs: 12_000 },
  ];
  expect(uncommittedFor(doubled, marks)).toBe(900);
  expect(uncommittedFor(doubled.slice(2), marks)).toBe(200);
});

test('without a double, or a fault, there is nothing', () => {
  expect(uncommittedFor([], marks)).toBe(0);
  expect(uncommittedFor([{ firstMs: 1, againMs: 2 }], [])).toBe(0);
});
