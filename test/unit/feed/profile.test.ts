import { expect, test, vi } from 'vitest';
import { followProfile, profileMs, profileOption } from '../../../scripts/feed/profile.ts';
import { UsageError } from '../../../scripts/support/command.ts';

test('a profile is read step by step', () => {
  const steps = profileOption('profile', '10s:200, 500ms:8000,1m:0.5');
  expect(steps).toEqual([
    { forMs: 10_000, perSecond: 200 },
    { forMs: 500, perSecond: 8_000 },
    { forMs: 60_000, perSecond: 0.5 },
  ]);
  expect(profileMs(steps)).toBe(70_500);
});

test.each(['', '10s', '10s:', '10s:fast', '10s:0', '0s:5', '10:5', '10s:5:6', '10s:1000001', '1s:5,'])(
  'one that is wrong is refused with what is accepted: %s',
  (text) => {
    expect(() => profileOption('profile', text)).toThrow(UsageError);
    expect(() => profileOption('profile', text)).toThrow(/^--profile takes/);
  },
);

test('each rate comes in its time, the last one stays, and what was dropped does not come', () => {
  vi.useFakeTimers();
  try {
    const rates: number[] = [];
    const drop = followProfile(profileOption('profile', '2s:1,1s:2,1s:3'), (rate) => rates.push(rate));
    vi.advanceTimersByTime(1_990);
    expect(rates).toEqual([1]);
    vi.advanceTimersByTime(20);
    expect(rates).toEqual([1, 2]);
    drop();
    vi.advanceTimersByTime(9_000);
    expect(rates).toEqual([1, 2]);
  } finally {
    vi.useRealTimers();
  }
});
