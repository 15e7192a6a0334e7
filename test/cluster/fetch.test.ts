import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import kafkajs, { type Message } from 'kafkajs';
import { expect, inject, onTestFinished, test } from 'vitest';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { kafkajsPort } from '../../functions/kafka/kafkajs/port.ts';
import type { OutOfRangePolicy, StuckPartition } from '../../functions/kafka/port.ts';
import type { InboundRecord } from '../../functions/runtime/contract.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { frameHeads, lz4Frame } from '../support/packers.ts';
import { createTopics, uniqueName } from '../support/topics.ts';

// Node finds only some of this CommonJS package's exports by name.
const { CompressionTypes, CompressionCodecs } = kafkajs;

/** What kafkajs has no codec for. Brokers look into what they are sent, so the bytes must be real. */
const codecs = { [CompressionTypes.ZSTD]: zstdCompressSync, [CompressionTypes.LZ4]: wrongLz4 };
/** Right before something is packed, since whoever makes topics or reads a log puts codecs that only read in their place. */
function letPack(): void {
  for (const [type, pack] of Object.entries(codecs)) {
    const codec = { compress: async ({ buffer }: { buffer: Buffer }) => pack(buffer) };
    Object.assign(CompressionCodecs, { [type]: () => codec });
  }
}

/** LZ4 whose content has a wrong checksum, the one thing in it that Kafka's code passes over: brokers take it. */
function wrongLz4(plain: Buffer): Buffer {
  return Buffer.concat([lz4Frame(frameHeads.summed, [plain], true), Buffer.from('wrong').subarray(0, 4)]);
}

const brokers = inject('bootstrapServers');
const client = kafkaClient({ brokers, clientId: 'fetch-test' });

interface Reading {
  readonly records: InboundRecord[];
  /** What was logged of partitions that stand still. */
  readonly logged: StuckPartition[];
  /** Partition, and the offsets it was moved from and to. */
  readonly moved: number[][];
  /** `partition/offset value` of all that was read, in order of these. */
  seen(): string[];
}

/** Reads a topic through the member of the port, in a group of its own, until the test ends. */
async function read(
  topic: string,
  maxBytesPerPartition = 1_048_576,
  groupId = uniqueName('fetch-test'),
  outOfRange: OutOfRangePolicy = 'stop',
): Promise<Reading> {
  const records: InboundRecord[] = [];
  const logged: StuckPartition[] = [];
  const moved: number[][] = [];
  const port = kafkajsPort({
    brokers,
    clientId: 'fetch-test',
  });
  const member = port.member(
    {
      topic,
      groupId,
      sessionTimeoutMs: 10_000,
      heartbeatIntervalMs: 1_000,
      rebalanceTimeoutMs: 10_000,
      maxWaitMs: 200,
      minBytes: 1,
      maxBytes: 52_428_800,
      maxBytesPerPartition,
      maxBytesPerRound: 1_048_576,
      outOfRange,
    },
    {
      records: (batch) => void records.push(...batch.records),
      assigned: () => undefined,
      revoked: async () => undefined,
      lost: () => undefined,
      stuck: (trouble) => void logged.push(trouble),
      unstuck: () => undefined,
      moved: (...move) => void moved.push(move),
      denied: () => undefined,
      interrupted: () => undefined,
    },
  );
  onTestFinished(() => member.leave());
  await member.start();
  const seen = (): string[] =>
    records
      .toSorted((a, b) => a.partition - b.partition) // stable: the order within a partition is what came
      .map(({ partition, offset, value }) => `${partition}/${offset} ${value}`);
  return { records, logged, moved, seen };
}

test('gzip, zstd, and transactions: what was committed is read, at its offset; what was aborted is not', async () => {
  const { topic } = await createTopics({ topic: { partitions: 1 } });
  letPack();
  const plain = client.producer();
  const [one, two] = ['one', 'two'].map((name) =>
    client.producer({ transactionalId: uniqueName(name), maxInFlightRequests: 1, idempotent: true }),
  );
  if (one === undefined || two === undefined) throw new Error('two were made');
  const producers = [plain, one, two];
  await Promise.all(producers.map((producer) => producer.connect()));
  onTestFinished(() => void Promise.all(producers.map((producer) => producer.disconnect())));
  const expected: string[] = [];
  const send = async (
    to: Pick<typeof plain, 'send'>,
    name: string,
    counts: boolean,
    compression = CompressionTypes.None,
  ): Promise<void> => {
    const messages = ['a', 'b', 'c'].map((part): Message => ({ partition: 0, value: `${name} ${part}` }));
    const [stored] = await to.send({ topic, messages, compression });
    if (!counts) return;
    expected.push(...messages.map(({ value }, index) => `0/${Number(stored?.baseOffset) + index} ${value}`));
  };

  await send(plain, 'gzip', true, CompressionTypes.GZIP);
  await send(plain, 'zstd', true, CompressionTypes.ZSTD);
  const [aborted, committed] = [await one.transaction(), await two.transaction()];
  await send(aborted, 'aborted', false);
  await send(committed, 'committed', true, CompressionTypes.GZIP);
  await send(aborted, 'aborted too', false, CompressionTypes.ZSTD);
  await aborted.abort();
  await send(committed, 'committed too', true);
  await committed.commit();
  const again = await one.transaction();
  await send(again, 'committed by whoever aborted', true);
  await again.commit();
  await send(plain, 'plain', true);
  const last = await one.transaction();
  await send(last, 'aborted at last', false);
  await last.abort();

  const reading = await read(topic);
  await expect.poll(() => reading.seen(), { timeout: 20_000 }).toEqual(expected);
  await send(plain, 'behind the marker', true);
  await expect.poll(() => reading.seen(), { timeout: 20_000 }).toEqual(expected);
  expect(new Set(expected.map((line) => Number(/\/(\d+)/.exec(line)?.[1]))).size).toBe(expected.length);
  expect(reading.logged).toEqual([]);
});

test('whatever codec a topic has its brokers pack with, values are as they were, for a reader of kafkajs too', async () => {
  const producer = client.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  const numbers = Array.from({ length: 40_000 }, (_, index) => index);
  // Some are worth packing and some are not; the last takes several blocks of any codec.
  const values = ['a'.repeat(500), randomBytes(300).toString('base64'), numbers.join()];
  for (const codec of ['lz4', 'snappy', 'gzip', 'zstd'] as const) {
    const { topic } = await createTopics({ topic: { partitions: 1, configs: { 'compression.type': codec } } });
    await producer.send({ topic, messages: values.map((value) => ({ partition: 0, value })) });
    const reading = await read(topic);
    await expect.poll(() => reading.seen(), { timeout: 20_000 }).toEqual(values.map((value, at) => `0/${at} ${value}`));
    const { log } = await readTopics(brokers, { log: topic }, { keepValues: true });
    expect(log.partitions[0]?.map(({ value }) => String(value))).toEqual(values);
  }
});

test('a batch that is not sound: its partition stands still and says so, the others go on, and it goes on when the batch is gone', async () => {
  const { topic } = await createTopics({ topic: { partitions: 2 } });
  letPack();
  const producer = client.producer();
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  const send = (partition: number, value: string, compression = CompressionTypes.None): Promise<unknown> =>
    producer.send({ topic, messages: [{ partition, value }], compression });
  await send(0, 'before');
  await send(0, 'not sound', CompressionTypes.LZ4);
  await send(0, 'behind it');
  await send(1, 'elsewhere');

  const reading = await read(topic, undefined, undefined, 'earliest');
  await expect.poll(() => reading.seen(), { timeout: 20_000 }).toEqual(['0/0 before', '1/0 elsewhere']);
  await expect.poll(() => reading.logged.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
  await send(1, 'still going');
  await expect.poll(() => reading.seen().at(-1), { timeout: 10_000 }).toBe('1/1 still going');
  expect(reading.seen()).toHaveLength(3);
  expect(reading.logged[0]).toMatchObject({
    partition: 0,
    offset: 1,
    error: expect.stringContaining('The batch is no sound lz4: a checksum is wrong'),
    retryInMs: 1_000,
  });
  expect(reading.logged[1]).toMatchObject({ retryInMs: 2_000 });

  const admin = client.admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  await admin.fetchTopicOffsets(topic); // without it, kafkajs knows no leader to send the next to
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
  await expect.poll(() => reading.seen().includes('0/2 behind it'), { timeout: 30_000 }).toBe(true);
  expect(reading.seen()).toEqual(['0/0 before', '0/2 behind it', '1/0 elsewhere', '1/1 still going']);
  expect(reading.moved).toEqual([[0, 1, 2]]);
});

test('batches larger than the share of a partition come all the same, from each partition', async () => {
  const { topic } = await createTopics({ topic: { partitions: 6 } });
  // Idempotent: a send that is tried again on a busy machine would store some of it twice.
  const producer = client.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  const partitions = [0, 1, 2, 3, 4, 5];
  for (const value of ['first', 'second']) {
    const messages = partitions.map((partition) => ({ partition, value: value.padEnd(200_000) }));
    await producer.send({ topic, messages });
  }

  const reading = await read(topic, 16_384);
  const seen = (): string[] => reading.seen().map((line) => line.trim());
  const expected = partitions.flatMap((partition) => [`${partition}/0 first`, `${partition}/1 second`]);
  await expect.poll(seen, { timeout: 30_000 }).toEqual(expected);
  await sleep(500);
  expect(seen()).toEqual(expected);
});

test('an offset that is not there: the partition stands still and says so; the policy moves it, and it alone', async () => {
  const { topic } = await createTopics({ topic: { partitions: 2 } });
  const producer = client.producer({ idempotent: true, maxInFlightRequests: 1 });
  const admin = client.admin();
  await Promise.all([producer.connect(), admin.connect()]);
  onTestFinished(() => void Promise.all([producer.disconnect(), admin.disconnect()]));
  for (const value of ['a', 'b', 'c']) {
    await producer.send({ topic, messages: [0, 1].map((partition) => ({ partition, value })) });
  }
  const groups = ['stop', 'earliest', 'latest'].map((policy) => uniqueName(`out-of-range-${policy}`));
  const [stop = '', earliest = '', latest = ''] = groups;
  const partitions = [
    { partition: 0, offset: '50' },
    { partition: 1, offset: '1' },
  ];
  for (const groupId of groups) await admin.setOffsets({ groupId, topic, partitions });

  const stuck = await read(topic, undefined, stop);
  const first = await read(topic, undefined, earliest, 'earliest');
  const last = await read(topic, undefined, latest, 'latest');
  await expect.poll(() => stuck.logged.length, { timeout: 20_000 }).toBe(1);
  await expect.poll(() => last.moved, { timeout: 20_000 }).toEqual([[0, 50, 3]]);
  await producer.send({ topic, messages: [{ partition: 0, value: 'd' }] });
  await expect.poll(first.seen, { timeout: 20_000 }).toEqual(['0/0 a', '0/1 b', '0/2 c', '0/3 d', '1/1 b', '1/2 c']);
  await expect.poll(last.seen, { timeout: 20_000 }).toEqual(['0/3 d', '1/1 b', '1/2 c']);
  expect(first.moved).toEqual([[0, 50, 0]]);
  expect(stuck.seen()).toEqual(['1/1 b', '1/2 c']);
  expect(stuck.logged).toMatchObject([{ partition: 0, offset: 50 }]);

  // A topic that grows to that offset has other records before it: to go on there would skip them in silence.
  await producer.send({ topic, messages: Array.from({ length: 60 }, () => ({ partition: 0, value: 'e' })) });
  await expect.poll(() => first.seen().length, { timeout: 20_000 }).toBe(66);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(stuck.seen()).toEqual(['1/1 b', '1/2 c']);
});
