import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { expect, test } from 'vitest';
import { type FetchContext, fetchFrom } from '../../../functions/kafka/kafkajs/group-fetch.ts';
import { createStandstills } from '../../../functions/kafka/kafkajs/standstill.ts';
import type { FetchedBatch } from '../../../functions/kafka/port.ts';
import { batchOf, record } from './batches.ts';

const topic = 'in';

interface Setting {
  readonly active?: readonly number[];
  readonly committed?: Readonly<Record<number, string>>;
  readonly maxVersion?: number;
  readonly response?: Buffer;
  readonly current?: () => boolean;
}

/** A group with partitions at offset 0, and a broker that gives one answer. `asked` is what came to the broker. */
function setting({ active = [0], committed, maxVersion = 17, response = empty(), current = () => true }: Setting) {
  const asked: { version: number; partitions: number[] }[] = [];
  const told: string[] = [];
  const stuck: number[] = [];
  const fetched: FetchedBatch[] = [];
  const standstills = createStandstills();
  const offsets = committed ?? Object.fromEntries(active.map((partition) => [partition, '0']));
  const connection = {
    clientId: '',
    isAuthenticated: () => true,
    failIfNotConnected: () => undefined,
    nextCorrelationId: () => 1,
    socket: {
      cork: () => undefined,
      uncork: () => undefined,
      write(bytes: Buffer) {
        if (bytes.length === 14) asked.push({ version: bytes.readInt16BE(6), partitions: [] });
        else asked.at(-1)?.partitions.push(...partitionsOf(bytes));
      },
    },
    requestQueue: {
      maybeThrottle: (ms: number) => told.push(`throttle ${ms}`),
      push(request: { sendRequest: () => void; entry: { resolve: (answer: object) => void } }) {
        request.sendRequest();
        request.entry.resolve({ payload: response });
      },
    },
  };
  const group = {
    cluster: {
      refreshMetadataIfNecessary: async () => void told.push('metadata'),
      findBroker: async () => ({
        versions: { 1: { maxVersion } },
        connectionPool: { getConnectionByRequest: async () => connection },
      }),
    },
    checkForStaleAssignment: () => told.push('assignment'),
    subscriptionState: { active: () => [{ topic, partitions: active }] },
    filterPartitionsByNode: (_nodeId: string, partitions: object) => partitions,
    seekOffsets: async () => void told.push('offsets'),
    offsetManager: { committedOffsets: () => ({ [topic]: offsets }), nextOffset: () => '0' },
    isPaused: () => false,
    resolveOffset: () => undefined,
    maxWaitTime: 500,
    minBytes: 1,
    maxBytes: 1_000,
    maxBytesPerPartition: 100,
    isolationLevel: 1,
    rackId: '',
  } as unknown as ConsumerGroup;
  const context: FetchContext = {
    topic,
    standstills,
    outOfRange: 'stop',
    events: {
      stuck: ({ partition }) => void stuck.push(partition),
      unstuck: () => undefined,
      moved: () => undefined,
      denied: () => undefined,
    },
    current,
    fetched: (batch: FetchedBatch) => void fetched.push(batch),
    resumedWithin: async (ms: number) => void told.push(`waited ${ms}`),
  };
  return { fetch: () => fetchFrom(group, '1', context), asked, told, fetched, stuck, standstills };
}

const partitionsOf = (body: Buffer): number[] => {
  const list = 29 + 2 + topic.length;
  return Array.from({ length: body.readInt32BE(list) }, (_, index) => body.readInt32BE(list + 4 + index * 28));
};

/** Throttled for 30 ms, an error or none, and nothing of any topic. */
function empty(errorCode = 0): Buffer {
  const bytes = Buffer.alloc(14);
  bytes.writeInt32BE(30, 0);
  bytes.writeInt16BE(errorCode, 4);
  return bytes;
}

/** A record of partition 0. */
async function oneRecord(): Promise<Buffer> {
  const batch = await batchOf({ records: [record('a')] });
  const head = Buffer.alloc(14 + 2 + topic.length + 4 + 42);
  head.writeInt32BE(1, 10);
  head.writeInt16BE(topic.length, 14);
  head.write(topic, 16);
  head.writeInt32BE(1, 18);
  head.writeInt32BE(-1, 56);
  head.writeInt32BE(batch.length, 60);
  return Buffer.concat([head, batch]);
}

test('asks for what is active, known and readable, once metadata, assignment and offsets are seen to', async () => {
  const { fetch, asked, told, standstills } = setting({
    active: [0, 1, 2, 3],
    committed: { 0: '0', 2: '0', 3: '0' },
  });
  standstills.add(2);
  await fetch();
  expect(asked.map(({ partitions }) => partitions.toSorted())).toEqual([[0, 3]]);
  expect(told).toEqual(['metadata', 'assignment', 'offsets', 'throttle 30']);
});

test('what the topic did not have in an assignment before is told again, and not asked for', async () => {
  const { fetch, asked, stuck, standstills } = setting({ active: [0, 1, 2] });
  standstills.halt(1, 0);
  standstills.halt(2, 7); // somebody has moved the group since
  standstills.reset(false);
  await fetch();
  await fetch();
  expect(asked.map(({ partitions }) => partitions.toSorted())).toEqual([
    [0, 2],
    [0, 2],
  ]);
  expect(stuck).toEqual([1]);
});

test('a partition that was read elsewhere since, or whose topic was made anew, may come by that offset again', async () => {
  const { fetch, asked, stuck, standstills } = setting({ active: [0, 1] });
  standstills.halt(0, 0);
  standstills.delete(0);
  standstills.halt(1, 0);
  standstills.reset(true);
  await fetch();
  expect(asked.map(({ partitions }) => partitions.toSorted())).toEqual([[0, 1]]);
  expect(stuck).toEqual([]);
});

test('asks nobody for nothing, and waits', async () => {
  for (const { fetch, asked, told } of [setting({ active: [] }), setting({ committed: {} })]) {
    await fetch();
    expect(asked).toEqual([]);
    expect(told.at(-1)).toBe('waited 500');
  }
});

test('asks in another order each time, so that each partition is first at times', async () => {
  const active = [0, 1, 2, 3, 4, 5];
  const { fetch, asked } = setting({ active });
  for (let times = 0; times < 300; times += 1) await fetch();
  for (const place of active) {
    expect(new Set(asked.map(({ partitions }) => partitions[place]))).toEqual(new Set(active));
  }
  expect(asked.every(({ partitions }) => new Set(partitions).size === 6)).toBe(true);
});

test.each([
  [10, 10],
  [11, 11],
  [17, 11],
])('a broker that speaks up to version %i is asked in %i', async (maxVersion, version) => {
  const { fetch, asked } = setting({ maxVersion });
  await fetch();
  expect(asked.map((one) => one.version)).toEqual([version]);
});

test('what comes is handed over, unless the group was joined anew meanwhile', async () => {
  const response = await oneRecord();
  const still = setting({ response });
  await still.fetch();
  expect(still.fetched).toMatchObject([{ partition: 0, records: [{ value: Buffer.from('a') }] }]);
  const stale = setting({ response, current: () => false });
  await stale.fetch();
  expect(stale.fetched).toEqual([]);
});

test('an error of the whole response is thrown', async () => {
  await expect(setting({ response: empty(29) }).fetch()).rejects.toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' });
});
