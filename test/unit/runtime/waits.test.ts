import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMetrics, observe } from '../../../functions/runtime/metrics.ts';
import { createWaits } from '../../../functions/runtime/waits.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the waits of a lane', () => {
  test('end after their delay', () => {
    const work = vi.fn();
    createWaits(createMetrics()).later(100, work);
    vi.advanceTimersByTime(99);
    expect(work).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(work).toHaveBeenCalledOnce();
  });

  test('for a dependency say so, once a lane, until the last has ended', () => {
    const metrics = createMetrics();
    const [one, other] = [createWaits(metrics), createWaits(metrics)];
    one.forDependency(100, () => undefined);
    one.forDependency(200, () => undefined);
    other.forDependency(300, () => undefined);
    other.later(1_000, () => undefined);
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
    waits.forDependency(100, () => {
      seen.push(waits.dependencyDown);
      waits.forDependency(100, () => seen.push(waits.dependencyDown));
    });
    vi.advanceTimersByTime(1_000);
    expect(seen).toEqual([false, false]);
  });

  test('are forgotten when cancelled', () => {
    const metrics = createMetrics();
    const waits = createWaits(metrics);
    const work = vi.fn();
    waits.later(1, work);
    waits.forDependency(1, work);
    waits.cancel();
    waits.cancel();
    vi.advanceTimersByTime(1_000);
    expect(work).not.toHaveBeenCalled();
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
