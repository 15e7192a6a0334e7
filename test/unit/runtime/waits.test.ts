import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMetrics, observe } from '../../../functions/runtime/metrics.ts';
import { createWaits } from '../../../functions/runtime/waits.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the waits of a lane', () => {
  test('end after their delay', () => {
    const work = vi.fn();
    createWaits(createMetrics()).later(100, 0, work);
    vi.advanceTimersByTime(99);
    expect(work).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(work).toHaveBeenCalledOnce();
  });

  test('for a next try say so, by offset, until it begins or is given up', () => {
    const waits = createWaits(createMetrics());
    for (const offset of [4, 5, 6]) waits.nextTry(100 * offset, offset, () => undefined);
    waits.later(100, 7, () => undefined);
    const which = () => [4, 5, 6, 7].filter(waits.triesLater);
    expect(which()).toEqual([4, 5, 6]);
    vi.advanceTimersByTime(400);
    expect(which()).toEqual([5, 6]);
    waits.giveUpTries(6);
    expect(which()).toEqual([5]);
  });

  test('for a dependency say so, once a lane, until the last has ended', () => {
    const metrics = createMetrics();
    const [one, other] = [createWaits(metrics), createWaits(metrics)];
    one.forDependency(100, 0, () => undefined);
    one.forDependency(200, 0, () => undefined);
    other.forDependency(300, 0, () => undefined);
    other.later(1_000, 0, () => undefined);
    expect([metrics.waitingForDependency, one.dependencyDown]).toEqual([2, true]);
    vi.advanceTimersByTime(100);
    expect([metrics.waitingForDependency, one.dependencyDown]).toEqual([2, true]);
    vi.advanceTimersByTime(100);
    expect([metrics.waitingForDependency, one.dependencyDown]).toEqual([1, false]);
    vi.advanceTimersByTime(100);
    expect([metrics.waitingForDependency, other.dependencyDown]).toEqual([0, false]);
  });

  test('are over when the work begins: it may wait again', () => {
    const metrics = createMetrics();
    const waits = createWaits(metrics);
    const seen: boolean[] = [];
    waits.forDependency(100, 0, () => {
      seen.push(waits.dependencyDown);
      waits.forDependency(100, 0, () => seen.push(waits.dependencyDown));
    });
    vi.advanceTimersByTime(1_000);
    expect(seen).toEqual([false, false]);
  });

  test('are given up: those for a dependency all, those for a next try from an offset on', () => {
    const metrics = createMetrics();
    const waits = createWaits(metrics);
    const work = vi.fn();
    for (const offset of [4, 5, 6]) waits.later(1, offset, () => work(offset));
    for (const offset of [9, 7]) waits.forDependency(1, offset, work);
    expect(waits.giveUpDependencies()).toBe(7);
    expect(waits.giveUpDependencies()).toBe(Number.POSITIVE_INFINITY);
    waits.giveUpTries(5);
    vi.advanceTimersByTime(1_000);
    expect(work.mock.calls).toEqual([[4]]);
    expect([metrics.waitingForDependency, waits.dependencyDown, vi.getTimerCount()]).toEqual([0, false, 0]);
  });
});

describe('the histogram', () => {
  test.each([
    [0, 0],
    [0.005, 0],
    [0.0051, 1],
    [3_600, 14],
    [3_601, 15],
  ])('%d s counts in bucket %i', (seconds, bucket) => {
    const { latency } = createMetrics();
    observe(latency, seconds);
    expect(latency.counts.indexOf(1)).toBe(bucket);
    expect(latency.sumSeconds).toBe(seconds);
    expect(latency.counts).toHaveLength(latency.boundsSeconds.length + 1);
  });
});
