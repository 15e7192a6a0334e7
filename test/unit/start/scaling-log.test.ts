import { expect, test } from 'vitest';
import { localScaling } from '../../../infra/scaling.ts';
import { createLagWindow } from '../../../scripts/start/lag-window.ts';
import { longestBacklog, type ScalingLook } from '../../../scripts/start/scaling-log.ts';
import { reversalsOf } from '../../../scripts/support/reversals.ts';

const stepsEach = (ms: number, ...counts: number[]) =>
  counts.slice(1).map((to, index) => ({ atMs: index * ms, from: counts[index] ?? 0, to }));
const steps = (...counts: number[]) => stepsEach(1_000, ...counts);

test.each([
  [steps(2, 4, 6, 4, 2), 0],
  [steps(2, 4, 2, 4, 2), 1],
  [steps(2, 4, 2, 4, 2, 4), 2],
  [steps(2), 0],
  // 20 s is the window of the policy.
  [stepsEach(40_000, 2, 4, 2, 4), 1],
  [stepsEach(40_001, 2, 4, 2, 4), 0],
])('scale-downs that were taken back: %j', (scalings, count) => {
  expect(reversalsOf(scalings, localScaling)).toBe(count);
});

test('the longest time with a backlog, and its part after the instances were there', () => {
  const look = (atMs: number, backlog: number, active = 4, target = 4): ScalingLook => ({
    ...{ atMs, backlog, active, target, arrived: 0, lag: backlog },
  });
  expect(longestBacklog([look(0, 0), look(1_000, 0)])).toEqual({ backlogMs: 0, drainMs: 0 });
  expect(longestBacklog([look(0, 5), look(1_000, 0), look(2_000, 0)])).toEqual({ backlogMs: 1_000, drainMs: 1_000 });
  const scaled = [
    look(0, 0),
    look(1_000, 9, 2, 2),
    look(2_000, 9, 2, 4),
    look(3_000, 9, 4, 4),
    look(5_000, 0),
    look(6_000, 3),
  ];
  expect(longestBacklog(scaled)).toEqual({ backlogMs: 4_000, drainMs: 3_000 });
  // A shorter one whose instances were there all along.
  const later = [...scaled, look(9_500, 3), look(10_000, 0)];
  expect(longestBacklog(later)).toEqual({ backlogMs: 4_000, drainMs: 4_000 });
});

test('rates and lag come from the offsets', () => {
  const window = createLagWindow();
  expect(window.lag()).toBeUndefined();
  const add = (atMs: number, committed: number[], lagByPartition: number[]) =>
    window.add(atMs, { committed, lagByPartition, lag: lagByPartition.reduce((sum, one) => sum + one, 0) });
  add(0, [100, 100], [0, 0]);
  expect(window.ratePerSecond()).toBe(0);
  add(1_000, [150, 100], [50, 300]);
  expect(window.ratePerSecond()).toBe(400);
  expect(window.lag()).toEqual({ total: 350, worstPartition: 300 });
  add(3_000, [200, 100], [0, 500]);
  expect(window.ratePerSecond()).toBe(100);
  add(3_000, [200, 100], [0, 500]);
  expect(window.ratePerSecond()).toBe(0);
});
