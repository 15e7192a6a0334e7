import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../../functions/runtime/retry.ts';

describe('the backoff', () => {
  const policy = { initialDelayMs: 100, maxDelayMs: 1_000 };

  test.each([
    [1, 50, 100],
    [2, 100, 200],
    [3, 200, 400],
    [4, 400, 800],
    [5, 500, 1_000],
    [50, 500, 1_000],
    [2_000, 500, 1_000],
  ])('after %i tries is %i to %i ms', (attempts, least, most) => {
    expect(backoffMs(policy, attempts, 0)).toBe(least);
    expect(backoffMs(policy, attempts, 1)).toBe(most);
  });

  test('never leaves its bounds, nor shrinks with further tries', () => {
    const delay = fc.integer({ min: 1, max: 3_600_000 });
    const random = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(delay, delay, fc.integer({ min: 1, max: 10_000 }), random, (a, b, attempts, chance) => {
        const bounds = { initialDelayMs: Math.min(a, b), maxDelayMs: Math.max(a, b) };
        const wait = backoffMs(bounds, attempts, chance);
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(Math.round(bounds.initialDelayMs / 2));
        expect(wait).toBeLessThanOrEqual(bounds.maxDelayMs);
        expect(backoffMs(bounds, attempts + 1, chance)).toBeGreaterThanOrEqual(wait);
      }),
    );
  });
});
