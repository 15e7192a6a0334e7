import { crc32c } from '../../../functions/kafka/wire/crc32c.ts';
import type { FetchRequest } from '../../../functions/kafka/wire/fetch.ts';
import { stateKey } from '../../../functions/runtime/parking-state.ts';
import type { Look } from '../../../scripts/dead-letters/look.ts';
import { journalFrom } from '../../../scripts/dead-letters/note.ts';
import { parkedKeysOf, parkedNotesOf } from '../../../scripts/dead-letters/parked.ts';
import type { Target } from '../../../scripts/doctor/target.ts';
import type { BrokerConnection } from '../../../scripts/support/kafka/broker.ts';
import type { AnsweringCluster } from '../../../scripts/support/kafka/group-look.ts';
import { rawBatch } from '../../../scripts/support/kafka/raw-records.ts';
import { bodyOf } from '../../support/raw-body.ts';

/** A batch as a broker holds it. */
export interface StoredBatch {
  readonly baseOffset: number;
  readonly keys: readonly string[];
  readonly compress?: boolean;
  /** Of each record. */
  readonly value?: Buffer;
  /** Bytes of its records in place of the right ones, under a checksum that is theirs. */
  readonly broken?: boolean;
}

/** One topic, by partition; what a broker answers to a fetch of one is an error code in place of batches. */
export interface FakeTopic {
  readonly name: string;
  readonly partitions: readonly { readonly end: number; readonly batches: readonly StoredBatch[] | number }[];
}

export interface FakeCluster {
  readonly cluster: AnsweringCluster;
  readonly target: Target;
  readonly fetches: FetchRequest[];
}

const unknownTopic = 3;

/**
 * Brokers by address, each with what it knows of the topic; the first leads all partitions. `committed`: where groups are in
 * each. `test/cluster/unpark.test.ts` has
 * real ones.
 */
export function fakeCluster(
  knowing: Readonly<Record<string, FakeTopic | undefined>>,
  bootstrapServers: readonly string[] = Object.keys(knowing),
  committed: Readonly<Record<string, number>> = {},
): FakeCluster {
  const addresses = Object.keys(knowing);
  const fetches: FetchRequest[] = [];
  const connections = new Map(addresses.map((address) => [address, connectionTo(address)]));

  function connectionTo(address: string): BrokerConnection {
    const topic = knowing[address];
    const answers: Readonly<Record<string, (args: never) => unknown>> = {
      Metadata: ({ topics }: { topics: readonly string[] }) => ({
        ...{ clusterId: 'fake', controllerId: 0 },
        brokers: addresses.map((one, nodeId) => {
          const [host, port] = one.split(':');
          return { nodeId, host, port: Number(port) };
        }),
        topicMetadata: topics.map((name) => ({
          ...{ topic: name, topicErrorCode: name === topic?.name ? 0 : unknownTopic },
          partitionMetadata: (name === topic?.name ? topic.partitions : []).map((_, partitionId) => ({
            ...{ partitionId, leader: 0, replicas: [0], isr: [0] },
          })),
        })),
      }),
      GroupCoordinator: () => ({ errorCode: 0, coordinator: { nodeId: 0 } }),
      OffsetFetch: ({ groupId, topics }: { groupId: string; topics: { partitions: { partition: number }[] }[] }) => ({
        errorCode: 0,
        responses: topics.map(({ partitions }) => ({
          partitions: partitions.map(({ partition }) => ({
            ...{ partition, errorCode: 0 },
            offset: String(committed[groupId] ?? -1),
          })),
        })),
      }),
      DescribeConfigs: () => ({ resources: [] }),
      ListOffsets: ({ topics }: { topics: { partitions: { partition: number; timestamp: number }[] }[] }) => ({
        responses: topics.map(({ partitions }) => ({
          partitions: partitions.map(({ partition, timestamp }) => ({
            ...{ partition, errorCode: 0 },
            offset: String(timestamp === -2 ? 0 : topic?.partitions[partition]?.end),
          })),
        })),
      }),
    };
    const connection = {
      ...{ address, answeredInMs: 0, close: async () => undefined },
      ask: async (name: string, args: never) => answers[name]?.(args),
      askWith: async (_: number, __: unknown, request: FetchRequest) => {
        fetches.push(request);
        return fetched(topic, request);
      },
    };
    return connection as unknown as BrokerConnection; // what is asked of one here
  }

  const attempt = async (asked: readonly string[]) =>
    asked.map((address) => {
      const connection = connections.get(address);
      return connection ? { address, connection } : { address, error: new Error('ECONNREFUSED') };
    });
  const cluster = {
    nodes: new Map(addresses.flatMap((one, id) => [[id, connections.get(one) as BrokerConnection] as const])),
    connections: { attempt, close: async () => undefined },
  };
  return {
    cluster: cluster as unknown as AnsweringCluster, // its facts are asked for anew
    target: { bootstrapServers, groupId: 'processor-group' } as unknown as Target,
    fetches,
  };
}

/** As a broker does: batches whole, the first of a response however large; of the rest as many as there is room for. */
function fetched(topic: FakeTopic | undefined, { positions, maxBytesPerPartition }: FetchRequest) {
  const pieces: Buffer[] = [];
  let at = 0;
  const partitions = positions.map(({ partition, offset }) => {
    const batches = topic?.partitions[partition]?.batches ?? [];
    const start = at;
    if (typeof batches === 'number') return { partition, errorCode: batches, aborted: [], start, end: start };
    for (const batch of batches) {
      if (batch.baseOffset + batch.keys.length <= offset) continue;
      const bytes = bytesOf(batch);
      if (at > 0 && at - start + bytes.length > maxBytesPerPartition) break;
      pieces.push(bytes);
      at += bytes.length;
    }
    return { partition, errorCode: 0, aborted: [], start, end: at };
  });
  return { errorCode: 0, bytes: Buffer.concat(pieces), partitions };
}

const packed = new WeakMap<StoredBatch, Buffer>();

function bytesOf(stored: StoredBatch): Buffer {
  const known = packed.get(stored);
  if (known !== undefined) return known;
  const records = stored.keys.map((key) => ({ timestamp: 1, body: bodyOf(key, stored.value ?? null, []) }));
  const batch = rawBatch(records, { producerId: 1, producerEpoch: 0, firstSequence: 0 }, stored.compress);
  const bytes = Buffer.alloc(batch.length);
  batch.writeTo(bytes, 0);
  bytes.writeBigInt64BE(BigInt(stored.baseOffset), 0);
  if (stored.broken === true) {
    bytes.fill(0xff, 61);
    bytes.writeUInt32BE(crc32c(bytes, 21, bytes.length), 17);
  }
  packed.set(stored, bytes);
  return bytes;
}

/** Keys of the topic `in` that a function has parked, each where its record died. */
export function lookAt(parked: readonly { partition: number; key: string; at: number }[], name = 'f'): Look {
  const notes = parkedNotesOf(
    parked.map(({ partition, key, at }) => ({
      ...{ partition, key: stateKey('in', name, 'one', key) },
      value: Buffer.from(
        JSON.stringify({ handled: at - 1, last: at, poison: { at, code: 'HANDLER_FAILED', message: 'no' } }),
      ),
    })),
  );
  return {
    topic: { name: 'in.dlq', partitions: [], configs: {} },
    ...{ letters: [], journal: journalFrom([]), outcomes: [], held: new Map() },
    ...{ parked: parkedKeysOf(notes), notes },
  };
}
