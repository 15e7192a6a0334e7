import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Delivery, deliver, type FailurePolicy } from '../../../scripts/event-source/deliver.ts';
import type { InvokeResult } from '../../../scripts/event-source/environment.ts';
import { maxRecordsBytes, type QueuedRecord } from '../../../scripts/event-source/payload.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const record = (
  offset: number,
  fields: { partition?: number; timestamp?: number; bytes?: number } = {},
): QueuedRecord => {
  const { partition = 0, timestamp = 1_000_000, bytes = 10 } = fields;
  return { record: { topic: 't', partition, offset, timestamp, timestampType: 'CREATE_TIME', headers: [] }, bytes };
};
const place = ({ record: { partition, offset } }: QueuedRecord): string => `${partition}/${offset}`;
const response = (...failures: [partition: number, offset: number][]): InvokeResult => {
  const batchItemFailures = failures.map(([partition, offset]) => ({
    itemIdentifier: { partition: `t-${partition}`, offset },
  }));
  return { kind: 'response', payload: JSON.stringify({ batchItemFailures }), durationMs: 1 };
};
const error: InvokeResult = {
  ...{ kind: 'error', durationMs: 1 },
  error: { errorType: 'Error', errorMessage: 'no', stackTrace: [] },
};

function setUp(answer: (places: readonly string[], call: number) => InvokeResult, policy: Partial<FailurePolicy> = {}) {
  const calls: string[][] = [];
  const done: string[] = [];
  const gaveUp: string[] = [];
  const counts = { partial: 0, retried: 0, bisected: 0 };
  const abort = new AbortController();
  const delivery: Delivery = {
    frame: { kind: 'aws:kafka', bootstrapServers: ['a:1'] },
    policy: { maxRetries: -1, maxAgeMs: -1, bisect: true, ...policy },
    signal: abort.signal,
    async invoke(event) {
      const { records } = JSON.parse(event) as { records: Record<string, { partition: number; offset: number }[]> };
      const places = Object.values(records).flatMap((list) =>
        list.map(({ partition, offset }) => `${partition}/${offset}`),
      );
      calls.push(places);
      return answer(places, calls.length);
    },
    done: (records) => void done.push(...records.map(place)),
    async gaveUp(records, why) {
      gaveUp.push(...records.map((one) => `${place(one)} ${why}`));
    },
    count(what) {
      counts[what] += 1;
    },
  };
  const run = async (batch: readonly QueuedRecord[]): Promise<void> => {
    const ended = deliver(batch, delivery);
    await vi.advanceTimersByTimeAsync(600_000);
    await ended;
  };
  return { calls, done, gaveUp, counts, abort, delivery, run };
}

const three = [record(0), record(1), record(2)];

describe('a batch', () => {
  test('that is handled is done', async () => {
    const { run, done, calls } = setUp(() => response());
    await run(three);
    expect(calls).toHaveLength(1);
    expect(done).toEqual(['0/0', '0/1', '0/2']);
  });

  test('of which a part is reported is done up to there, and tried on from there', async () => {
    const { run, done, calls, counts } = setUp((_places, call) => (call < 3 ? response([0, 1]) : response()));
    await run([...three, record(7, { partition: 1 })]);
    expect(calls).toEqual([
      ['0/0', '0/1', '0/2', '1/7'],
      ['0/1', '0/2'],
      ['0/1', '0/2'],
    ]);
    expect(done).toEqual(['0/0', '1/7', '0/1', '0/2']);
    expect(counts).toEqual({ partial: 1, retried: 2, bisected: 0 });
  });

  test('that fails is split until the poison is alone, in order, and that uses up no retry', async () => {
    const { run, done, gaveUp, calls, counts } = setUp((places) => (places.includes('0/1') ? error : response()), {
      maxRetries: 0,
    });
    await run([record(0), record(1), record(2), record(3)]);
    expect(calls).toEqual([['0/0', '0/1', '0/2', '0/3'], ['0/0', '0/1'], ['0/0'], ['0/1'], ['0/2', '0/3']]);
    expect(gaveUp).toEqual(['0/1 RetryAttemptsExhausted']);
    expect(done).toEqual(['0/0', '0/1', '0/2', '0/3']);
    expect(counts.bisected).toBe(2);
  });

  test('that fails with no bisecting is tried so often, and given up whole', async () => {
    const { run, calls, gaveUp, done } = setUp(() => error, { maxRetries: 2, bisect: false });
    await run(three);
    expect(calls).toHaveLength(3);
    expect(gaveUp).toHaveLength(3);
    expect(done).toHaveLength(3);
  });

  test('without end of retries is tried on and on', async () => {
    const { run, calls, done } = setUp((_places, call) => (call > 40 ? response() : error), { bisect: false });
    await run(three);
    expect(calls).toHaveLength(41);
    expect(done).toHaveLength(3);
  });
});

test('what is too old, or too large for any event, is given up before the rest is delivered', async () => {
  const { run, calls, gaveUp, done } = setUp(() => response(), { maxAgeMs: 60_000 });
  await run([record(0, { timestamp: 900_000 }), record(1), record(2, { bytes: maxRecordsBytes + 1 })]);
  expect(gaveUp).toContain('0/2 PayloadSizeExceeded');
  expect(calls.flat()).not.toContain('0/2');
  expect(done.toSorted()).toEqual(['0/0', '0/1', '0/2']);
});

test('what is told to stop leaves the rest undone, and says so of nothing', async () => {
  const { calls, done, gaveUp, abort, delivery } = setUp(() => error);
  const ended = deliver(three, { ...delivery, policy: { ...delivery.policy, bisect: false } });
  await vi.advanceTimersByTimeAsync(1_000);
  const before = calls.length;
  abort.abort();
  await vi.advanceTimersByTimeAsync(60_000);
  await ended;
  expect(before).toBeGreaterThan(1);
  expect(calls).toHaveLength(before);
  expect([done, gaveUp]).toEqual([[], []]);
});
