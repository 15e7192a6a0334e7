import { expect, test } from 'vitest';
import { nextRate } from '../../../scripts/bench/half-load.ts';

test('the rate settles where half of the machine is busy, whatever a record costs it', () => {
  for (const cost of [0.002, 0.03, 0.2]) {
    const busyAt = (rate: number): number => Math.min(1, cost * rate ** 0.45);
    let rate = 200;
    for (let look = 0; look < 40; look += 1) rate = nextRate(rate, busyAt(rate));
    expect(Math.abs(busyAt(rate) - 0.5)).toBeLessThan(0.02);
  }
});

test('one look changes it by little, and never to nothing', () => {
  expect(nextRate(1_000, 1)).toBe(625);
  expect(nextRate(1_000, 0)).toBe(1_600);
  expect(nextRate(1_000, 0.5)).toBe(1_000);
  expect(nextRate(1, 1)).toBe(1);
});
