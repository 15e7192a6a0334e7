import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPartitionQueues } from '../../../scripts/event-source/partition-queues.ts';
import { maxRecordsBytes, type QueuedRecord } from '../../../scripts/event-source/payload.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const records = (partition: number, count: number, bytes = 10): QueuedRecord[] =>
  Array.from({ length: count }, (_, offset) => ({
    record: { topic: 't', partition, offset, timestamp: 0, timestampType: 'CREATE_TIME', headers: [] },
    bytes,
  }));
const places = (batch: readonly QueuedRecord[] | undefined) =>
  batch?.map(({ record }) => `${record.partition}/${record.offset}`);

function setUp(batchSize = 4) {
  const busy = new Set<number>();
  return { busy, queues: createPartitionQueues({ batchSize, windowMs: 500, busy }) };
}

describe('a batch is due', () => {
  test('when its window is over', () => {
    const { queues } = setUp();
    queues.push(0, records(0, 1));
    expect(queues.take(499)).toBeUndefined();
    expect(places(queues.take(500))).toEqual(['0/0']);
    expect(queues.waiting).toBe(0);
  });

  test('when it is as large as it may be, with what is left for the next', () => {
    const { queues, busy } = setUp();
    queues.push(0, records(0, 3));
    queues.push(1, records(1, 3));
    expect(places(queues.take(0))).toEqual(['0/0', '0/1', '0/2', '1/0']);
    expect([...busy]).toEqual([0, 1]);
    expect([queues.take(10_000), queues.take(20_000)]).toEqual([undefined, undefined]); // both are under way
    busy.clear();
    expect(queues.take(30_000)).toBeUndefined(); // its window begins now
    expect(places(queues.take(30_500))).toEqual(['1/1', '1/2']);
  });

  test('when its bytes reach those of an event, and holds no more', () => {
    const { queues } = setUp(100);
    queues.push(0, records(0, 3, maxRecordsBytes / 2));
    expect(places(queues.take(0))).toEqual(['0/0', '0/1']);
  });

  test('with one record alone that no event can hold: it is given up elsewhere, not forgotten', () => {
    const { queues } = setUp(100);
    queues.push(0, records(0, 2, maxRecordsBytes + 1));
    expect(places(queues.take(0))).toEqual(['0/0']);
  });
});

test('partitions take turns', () => {
  const { queues, busy } = setUp(2);
  queues.push(0, records(0, 6));
  queues.push(1, records(1, 2));
  expect(places(queues.take(0))).toEqual(['0/0', '0/1']);
  busy.clear();
  expect(places(queues.take(0))).toEqual(['1/0', '1/1']);
});

test('a partition that has twice a batch waiting is full, and after a rebalance nothing waits', () => {
  const { queues } = setUp(2);
  queues.push(0, records(0, 5));
  expect([queues.full(0), queues.full(1)]).toEqual([true, false]);
  queues.clear();
  expect([queues.full(0), queues.waiting]).toEqual([false, 0]);
});
