import { afterEach, expect, test, vi } from 'vitest';
import { stallGuard } from '../../../scripts/bench/stall.ts';

afterEach(() => void vi.useRealTimers());

test('one who handles no more is told, not one who is slow', () => {
  vi.useFakeTimers();
  const goesOn = stallGuard('the container', 10_000);
  for (let records = 0; records < 5; records += 1) {
    goesOn(records);
    vi.advanceTimersByTime(9_000);
  }
  goesOn(4);
  vi.advanceTimersByTime(1_001);
  expect(() => goesOn(4)).toThrow('the container has handled 4 records and no more for 10 s');
});
