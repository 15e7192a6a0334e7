import { expect, test } from 'vitest';
import { createPacer } from '../../../scripts/feed/pacer.ts';

/** Sends all that is due at every tick, from `fromMs` up to `toMs`; what went out tick by tick. */
function run(pacer: ReturnType<typeof createPacer>, fromMs: number, toMs: number, tickMs = 10): number[] {
  const sent: number[] = [];
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += tickMs) {
    const due = pacer.due(nowMs);
    pacer.sent(due);
    sent.push(due);
  }
  return sent;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

test.each([0.5, 7, 100, 333, 5_000, 40_000])('%d a second go out evenly, and exactly as many', (rate) => {
  const sent = run(createPacer(rate, 5_000), 5_010, 15_000);

  expect(sum(sent)).toBe(rate * 10);
  expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(1);
});

test('a late tick is made up for', () => {
  const pacer = createPacer(1_000, 0);
  run(pacer, 10, 100);

  expect(pacer.due(400)).toBe(300);
});

test('held up for long, it owes one second and no more', () => {
  const pacer = createPacer(1_000, 0);
  run(pacer, 10, 100);

  expect(pacer.due(60_000)).toBe(1_000);
  pacer.sent(1_000);
  expect(sum(run(pacer, 60_010, 61_000))).toBe(1_000);
});

test('a new rate counts from its moment', () => {
  const pacer = createPacer(1_000, 0);
  run(pacer, 10, 1_000);

  pacer.setRate(50, 1_000);

  expect(sum(run(pacer, 1_010, 3_000))).toBe(100);
  pacer.setRate(0, 3_000);
  expect(pacer.due(3_000)).toBe(Number.POSITIVE_INFINITY);
  pacer.sent(1_000_000);
  pacer.setRate(10, 4_000);
  expect(pacer.due(4_500)).toBe(5);
});
