import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBackPressure } from '../../../functions/hosts/container/back-pressure.ts';
import type { Lane } from '../../../functions/runtime/lane-contract.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A lane that holds what it is told to. */
function laneOf(partition: number): Lane & { bufferedRecords: number; bufferedBytes: number } {
  const nothing = {
    outstanding: 0,
    start: undefined,
    position: undefined,
    firstUndone: undefined,
    tries: 0,
    triesLater: false,
    ended: false,
  };
  const idle = { push: () => undefined, wake: () => undefined, stop: async () => undefined, abort: () => undefined };
  return { partition, bufferedRecords: 0, bufferedBytes: 0, ...nothing, ...idle };
}

function setUp() {
  const calls: string[] = [];
  const member = {
    pause: (partitions: readonly number[]) => void calls.push(`pause ${partitions}`),
    resume: (partitions: readonly number[]) => void calls.push(`resume ${partitions}`),
  };
  const lanes = [0, 1, 2].map(laneOf) as [
    ReturnType<typeof laneOf>,
    ReturnType<typeof laneOf>,
    ReturnType<typeof laneOf>,
  ];
  const limits = { laneMaxRecords: 100, laneMaxBytes: 1_000, bufferMaxBytes: 2_000 };
  const pressure = createBackPressure(member, new Map(lanes.map((lane) => [lane.partition, lane])), limits);
  /** The lane holds so much from now on. */
  const fill = (index: 0 | 1 | 2, records: number, bytes: number): void => {
    const before = lanes[index].bufferedRecords;
    lanes[index].bufferedRecords = records;
    lanes[index].bufferedBytes = bytes;
    if (records > before) pressure.filled(lanes[index]);
    else pressure.drained();
    vi.advanceTimersByTime(0);
  };
  return { calls, pressure, fill };
}

describe('back-pressure', () => {
  test.each([
    ['records', 100, 0],
    ['bytes', 1, 1_000],
  ])('pauses a lane at its most %s, and resumes it at half of them, not before', (_what, records, bytes) => {
    const { calls, fill } = setUp();
    fill(0, records - 1, bytes === 0 ? 0 : 999);
    expect(calls).toEqual([]);
    fill(0, records, bytes);
    expect(calls).toEqual(['pause 0']);
    fill(0, records > 1 ? 51 : 1, bytes > 0 ? 501 : 0);
    expect(calls).toEqual(['pause 0']);
    fill(0, records > 1 ? 50 : 0, bytes > 0 ? 500 : 0);
    expect(calls).toEqual(['pause 0', 'resume 0']);
  });

  test('pauses once, and resumes once', () => {
    const { calls, fill } = setUp();
    fill(0, 100, 0);
    fill(0, 200, 0);
    fill(0, 0, 0);
    fill(0, 0, 0);
    expect(calls).toEqual(['pause 0', 'resume 0']);
  });

  test('pauses no lane for another that is full', () => {
    const { calls, fill } = setUp();
    fill(0, 100, 0);
    fill(1, 99, 0);
    expect(calls).toEqual(['pause 0']);
  });

  test('pauses whoever brings more while all together hold too much', () => {
    const { calls, fill } = setUp();
    fill(0, 1, 900);
    fill(1, 1, 900);
    fill(2, 1, 200);
    expect(calls).toEqual(['pause 2']);
  });

  test('resumes a small lane only when all together hold half', () => {
    const { calls, fill } = setUp();
    fill(0, 1, 900);
    fill(1, 1, 900);
    fill(2, 1, 200);
    fill(2, 1, 10);
    expect(calls).toEqual(['pause 2']); // 1,800 of 2,000 are held by the others
    fill(0, 0, 50);
    expect(calls).toEqual(['pause 2', 'resume 2']);
  });

  test('resumes an empty lane, although others that stand still hold more than half', () => {
    const { calls, fill } = setUp();
    fill(0, 1, 900);
    fill(1, 1, 900);
    fill(2, 1, 200);
    fill(2, 0, 0);
    expect(calls).toEqual(['pause 2']);
    vi.advanceTimersByTime(500); // nobody tells of progress any more
    expect(calls).toEqual(['pause 2', 'resume 2']);
  });

  test('resumes all that have room, together', () => {
    const { calls, fill } = setUp();
    fill(0, 100, 900);
    fill(1, 100, 900);
    fill(2, 100, 200);
    fill(0, 50, 10);
    fill(1, 10, 10);
    expect(calls.slice(3)).toEqual(['resume 0,1']);
    fill(2, 0, 0);
    expect(calls.slice(4)).toEqual(['resume 2']);
  });

  test('looks once for all the progress of a turn', () => {
    const { calls, pressure, fill } = setUp();
    fill(0, 100, 0);
    for (let times = 0; times < 5; times += 1) pressure.drained();
    expect(vi.getTimerCount()).toBe(1);
    expect(calls).toEqual(['pause 0']);
  });

  test('forgets everything at a new assignment', () => {
    const { calls, pressure, fill } = setUp();
    fill(0, 100, 0);
    fill(2, 100, 0);
    pressure.reset();
    pressure.reset();
    expect(calls.slice(2)).toEqual(['resume 0,2']);
  });
});
