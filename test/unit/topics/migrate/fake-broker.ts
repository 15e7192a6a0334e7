import type { AddressedBatch } from '../../../../functions/kafka/wire/produce.ts';
import type { BrokerConnection } from '../../../../scripts/support/kafka/broker.ts';
import type { TopicFacts } from '../../../../scripts/support/kafka/cluster-facts.ts';
import { type RawRecord, rawBatch, readRawBatches } from '../../../../scripts/support/kafka/raw-records.ts';
import { rawFetchKey } from '../../../../scripts/support/kafka/raw-requests.ts';

/** One broker with all partitions of some topics: enough of it for a copy. `test/cluster/migrate.test.ts` has real ones. */
export interface FakeBroker {
  readonly nodes: ReadonlyMap<number, BrokerConnection>;
  topic(name: string, partitions: number): TopicFacts;
  append(topic: string, partition: number, key: string | null, value: string): void;
  recordsOf(topic: string, partition: number): readonly RawRecord[];
  /** What happens to the next write, after it is stored. */
  failNextWrite: boolean;
}

export function createFakeBroker(): FakeBroker {
  const logs = new Map<string, RawRecord[]>();
  const log = (topic: string, partition: number): RawRecord[] => {
    const place = `${topic}/${partition}`;
    const found = logs.get(place) ?? [];
    logs.set(place, found);
    return found;
  };

  function batchOf(records: readonly RawRecord[]): Buffer {
    const batch = rawBatch(records, { producerId: 1, producerEpoch: 0, firstSequence: 0 });
    const bytes = Buffer.alloc(batch.length);
    batch.writeTo(bytes, 0);
    bytes.writeBigInt64BE(BigInt(records[0]?.offset ?? 0), 0);
    return bytes;
  }

  function fetch(topic: string, positions: readonly { partition: number; offset: number }[]) {
    const pieces: Buffer[] = [];
    let at = 0;
    const partitions = positions.map(({ partition, offset }) => {
      const records = log(topic, partition).slice(offset, offset + 7);
      const bytes = records.length === 0 ? Buffer.alloc(0) : batchOf(records);
      pieces.push(bytes);
      at += bytes.length;
      return { partition, errorCode: 0, aborted: [], start: at - bytes.length, end: at };
    });
    return { errorCode: 0, bytes: Buffer.concat(pieces), partitions };
  }

  function produce(batches: readonly AddressedBatch[]) {
    const stored = batches.map(({ topic, partition, batch }) => {
      const bytes = Buffer.alloc(batch.length);
      batch.writeTo(bytes, 0);
      const range = { start: 0, end: bytes.length, aborted: [] };
      const own = log(topic, partition);
      const baseOffset = own.length;
      for (const record of readRawBatches(bytes, range, { topic, partition }, 0).records) {
        own.push({ ...record, offset: own.length });
      }
      return { partition, errorCode: 0, baseOffset };
    });
    if (!broker.failNextWrite) return stored;
    broker.failNextWrite = false;
    throw new Error('the connection was lost');
  }

  const connection = {
    ...{ address: 'fake:9092', answeredInMs: 0, close: async () => undefined },
    async ask(
      name: string,
      args: { topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[] },
    ) {
      if (name === 'InitProducerId') return { errorCode: 0, producerId: '7', producerEpoch: 0 };
      return {
        responses: args.topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition, timestamp }) => ({
            ...{ partition, errorCode: 0 },
            offset: String(timestamp === -2 ? 0 : log(topic, partition).length),
          })),
        })),
      };
    },
    askWith: async (apiKey: number, _: unknown, args: never) =>
      apiKey === rawFetchKey
        ? fetch((args as { topic: string }).topic, (args as { positions: [] }).positions)
        : produce(args),
  };
  const broker: FakeBroker = {
    nodes: new Map([[1, connection as unknown as BrokerConnection]]), // what a copy asks of one
    topic: (name, partitions) => ({
      ...{ name, configs: {} },
      partitions: Array.from({ length: partitions }, (_, partition) => ({
        partition,
        leader: 1,
        replicas: [1],
        inSync: [1],
      })),
    }),
    append(topic, partition, key, value) {
      const own = log(topic, partition);
      // As a record holds them: key, value, no headers. Texts are short here.
      const sized = (text: string | null) =>
        text === null ? Buffer.of(1) : Buffer.concat([Buffer.of(text.length * 2), Buffer.from(text)]);
      const body = Buffer.concat([sized(key), sized(value), Buffer.of(0)]);
      own.push({
        offset: own.length,
        timestamp: 1_000 + own.length,
        key: key === null ? null : Buffer.from(key),
        body,
      });
    },
    recordsOf: log,
    failNextWrite: false,
  };
  return broker;
}
