import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createStandstills } from '../../../functions/kafka/kafkajs/standstill.ts';
import { takeResponse } from '../../../functions/kafka/kafkajs/take-response.ts';
import type { FetchedBatch, OutOfRangePolicy, Right, StuckPartition } from '../../../functions/kafka/port.ts';
import type { FetchedPartition } from '../../../functions/kafka/wire/fetch.ts';
import { batchOf, marker, record, withFlags } from './batches.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const topic = 'market.raw';
const errorCodes = { outOfRange: 1, corrupt: 2, notLeader: 6, unauthorized: 29 };

interface Answer extends Partial<FetchedPartition> {
  readonly bytes?: Buffer;
}

/** A member that stands at offset 10 of every partition, and what comes of the answers of a broker. */
function member(paused: readonly number[] = [], outOfRange: OutOfRangePolicy = 'stop') {
  const positions = new Map<number, number>();
  const replicas: ConsumerGroup['preferredReadReplicasPerTopicPartition'] = {};
  const fetched: FetchedBatch[] = [];
  const moved: number[][] = [];
  const stuck: StuckPartition[] = [];
  const unstuck: number[] = [];
  const denied: string[] = [];
  const standstills = createStandstills();
  const group = {
    metadataMaxAge: 300_000,
    preferredReadReplicasPerTopicPartition: replicas,
    offsetManager: { nextOffset: (_topic: string, partition: number) => String(positions.get(partition) ?? 10) },
    isPaused: (_topic: string, partition: number) => paused.includes(partition),
    resolveOffset: (at: { partition: number; offset: string }) => positions.set(at.partition, Number(at.offset) + 1),
    cluster: {
      fetchTopicsOffset: async ([asked]: { partitions: { partition: number }[]; fromBeginning: boolean }[]) => {
        const partitions = asked?.partitions.map((one) => ({ ...one, offset: asked.fromBeginning ? '3' : '90' }));
        return [{ topic, partitions }];
      },
    },
  } as unknown as ConsumerGroup;
  const context = {
    topic,
    standstills,
    outOfRange,
    events: {
      stuck: (trouble: StuckPartition) => void stuck.push(trouble),
      unstuck: (partition: number) => void unstuck.push(partition),
      moved: (...move: number[]) => void moved.push(move),
      denied: ({ operation, name }: Right) => void denied.push(`${operation} on ${name}`),
    },
    current: () => true,
    fetched: (batch: FetchedBatch) => void fetched.push(batch),
    resumedWithin: async () => undefined,
  };
  const take = (answers: Answer[]): Promise<void> => {
    const bytes = Buffer.concat(answers.map((answer) => answer.bytes ?? Buffer.alloc(0)));
    let at = 0;
    const partitions = answers.map((answer, partition): FetchedPartition => {
      const start = at;
      at += answer.bytes?.length ?? 0;
      const sound = { partition, errorCode: 0, highWatermark: 99, preferredReplica: -1, aborted: [], start, end: at };
      return { ...sound, ...answer };
    });
    const asked = partitions.map(({ partition }) => ({ partition, offset: 10 }));
    return takeResponse(group, { throttleMs: 0, errorCode: 0, bytes, partitions }, asked, context);
  };
  const read = (): string[] =>
    fetched.flatMap(({ records }) => records.map((one) => `${one.partition}/${one.offset} ${one.value}`));
  return { take, read, fetched, positions, replicas, moved, stuck, unstuck, denied, standstills };
}

const batch = (value: string, baseOffset = 10): Promise<Buffer> => batchOf({ baseOffset, records: [record(value)] });

test('records go to the member, and the next fetch begins behind them', async () => {
  const { take, fetched, positions } = member();
  await take([{ bytes: await batch('a') }, {}]);
  expect(fetched).toMatchObject([{ partition: 0, highWatermark: 99, records: [{ offset: 10 }] }]);
  expect(fetched[0]?.bytes).toBeGreaterThan(64);
  expect([...positions]).toEqual([[0, 11]]);
});

test('a batch without a record moves the position, and the member hears how far', async () => {
  const { take, fetched, positions } = member();
  await take([{ bytes: await marker(10, 1, 0) }]);
  expect(fetched).toEqual([{ partition: 0, records: [], bytes: 0, next: 11, highWatermark: 99 }]);
  expect(positions.get(0)).toBe(11);
});

test('what is paused, or was read by another fetch meanwhile, is left alone', async () => {
  const { take, read, positions } = member([0]);
  positions.set(1, 11);
  await take([{ bytes: await batch('paused') }, { bytes: await batch('known') }, { bytes: await batch('new') }]);
  expect(read()).toEqual(['2/10 new']);
  expect([...positions]).toEqual([
    [1, 11],
    [2, 11],
  ]);
});

test('a fault of the member is no fault of the bytes', async () => {
  const { take, fetched, standstills } = member();
  fetched.push = () => {
    throw new TypeError('of the member');
  };
  await expect(take([{ bytes: await batch('a') }])).rejects.toThrow('of the member');
  expect(standstills.has(0)).toBe(false);
});

describe('an error of one partition', () => {
  test('comes up after the records of the others', async () => {
    const { take, read } = member();
    const answers = [
      { errorCode: errorCodes.notLeader },
      { bytes: await batch('a') },
      { errorCode: errorCodes.unauthorized },
    ];
    await expect(take(answers)).rejects.toMatchObject({ type: 'NOT_LEADER_FOR_PARTITION' });
    expect(read()).toEqual(['1/10 a']);
  });

  test('that its right is missing is told, and it waits without holding up the others', async () => {
    const { take, read, denied, stuck, standstills } = member();
    await take([{ errorCode: errorCodes.unauthorized }, { bytes: await batch('a') }]);
    expect([read(), denied, stuck]).toEqual([['1/10 a'], [`Read on ${topic}`], []]);
    expect([standstills.has(0), standstills.has(1)]).toEqual([true, false]);
  });

  test('that its offset is out of range makes it stand still where it is, also when the topic has grown', async () => {
    const { take, stuck, unstuck, moved, positions, standstills } = member();
    await take([{ errorCode: errorCodes.outOfRange }, {}, { errorCode: errorCodes.outOfRange }]);
    expect(stuck).toMatchObject([
      { partition: 0, offset: 10, error: expect.stringContaining('KAFKA_OFFSET_OUT_OF_RANGE') },
      { partition: 2, offset: 10 },
    ]);
    expect([moved, [...positions], standstills.has(0), standstills.has(1)]).toEqual([[], [], true, false]);
    vi.advanceTimersByTime(3_600_000);
    expect([standstills.has(0), unstuck]).toEqual([true, []]);
  });

  test.each([
    ['earliest', 3],
    ['latest', 90],
  ] as const)('that its offset is out of range moves it to the %s, where the policy says so', async (policy, to) => {
    const { take, stuck, moved, positions } = member([], policy);
    await take([{}, { errorCode: errorCodes.outOfRange }]);
    expect([moved, [...positions], stuck]).toEqual([[[1, 10, to]], [[1, to]], []]);
  });

  test('that its offset is out of range of a replica sends it back to the leader', async () => {
    const { take, stuck, moved, replicas } = member();
    await take([{ preferredReplica: 3 }]);
    expect(replicas).toEqual({ [topic]: { 0: { nodeId: 3, expireAt: 1_300_000 } } });
    await take([{ errorCode: errorCodes.outOfRange }]);
    expect({ stuck, moved, replicas }).toEqual({ stuck: [], moved: [], replicas: { [topic]: {} } });
  });
});

describe('a partition that cannot be read', () => {
  test('stands still alone, and is named', async () => {
    const { take, read, stuck, standstills, positions } = member();
    await take([
      { bytes: withFlags(await batch('lost'), 5) },
      { bytes: await batch('a') },
      { errorCode: errorCodes.corrupt },
    ]);
    expect(read()).toEqual(['1/10 a']);
    expect(positions.has(0)).toBe(false);
    expect([0, 1, 2].map((partition) => standstills.has(partition))).toEqual([true, false, true]);
    expect(stuck).toMatchObject([
      { partition: 0, offset: 10, error: expect.stringContaining('codec 5'), retryInMs: 1_000 },
      { partition: 2, offset: 10, retryInMs: 1_000 },
    ]);
  });

  test('is tried again later and later, and soon again once it was read', async () => {
    const { take, read, stuck, unstuck, standstills } = member();
    const bent = Buffer.from(await batch('a'));
    bent.writeUInt8(0, bent.length - 2);
    for (let tries = 0; tries < 8; tries += 1) await take([{ bytes: bent }]);
    expect(stuck.map(({ retryInMs }) => retryInMs)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
    ]);
    vi.advanceTimersByTime(59_999);
    expect(standstills.has(0)).toBe(true);
    vi.advanceTimersByTime(1);
    expect(standstills.has(0)).toBe(false);
    await take([{ bytes: await batch('a') }]);
    expect(read()).toEqual(['0/10 a']);
    expect(unstuck).toEqual([0]);
    standstills.add(0);
    expect(standstills.add(0)).toBe(2_000);
  });

  test('for want of a right is tried again within 5 s, however long that went on', async () => {
    const { take, read, standstills } = member();
    for (let tries = 0; tries < 8; tries += 1) await take([{ errorCode: errorCodes.unauthorized }]);
    vi.advanceTimersByTime(4_999);
    expect(standstills.has(0)).toBe(true);
    vi.advanceTimersByTime(1);
    expect(standstills.has(0)).toBe(false);
    await take([{ bytes: await batch('a') }]);
    expect(read()).toEqual(['0/10 a']);
  });
});
