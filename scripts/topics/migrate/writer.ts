import { CommandError } from '../../support/command.ts';
import { type BrokerConnection, errorName } from '../../support/kafka/broker.ts';
import type { TopicFacts } from '../../support/kafka/cluster-facts.ts';
import { PassingError } from '../../support/kafka/fetch-round.ts';
import { byLeader } from '../../support/kafka/offsets.ts';
import { type RawRecord, rawBatch } from '../../support/kafka/raw-records.ts';
import { rawProduce, rawProduceKey } from '../../support/kafka/raw-requests.ts';

/** Writes to the new topic, each batch at the offset where it is due. */
export interface RawWriter {
  /**
   * Writes records of several partitions, in order, each broker having one request of ours at a time, and resolves when
   * all replicas have them. `due` says at which offset of its partition the next record must land.
   * @throws PassingError
   * @throws CommandError when somebody else writes there as well, or a record is too large
   */
  write(records: ReadonlyMap<number, readonly RawRecord[]>, due: (partition: number) => number): Promise<void>;
}

const chunkBytes = 524_288;
const chunkRecords = 2_000;
const requestBytes = 2_097_152;
const transactionTimeoutMs = 60_000;

/** Makes a writer with an identity of its own: brokers refuse its batches out of turn. */
export async function openWriter(topic: TopicFacts, nodes: ReadonlyMap<number, BrokerConnection>): Promise<RawWriter> {
  const [any] = nodes.values();
  if (any === undefined) throw new PassingError('no broker answers');
  const answer = await any.ask('InitProducerId', { transactionTimeout: transactionTimeoutMs });
  if (answer.errorCode) throw new PassingError(errorName(answer.errorCode));
  const producerId = Number(answer.producerId);
  const { producerEpoch } = answer;
  const sequences = new Map<number, number>();

  async function send(
    broker: BrokerConnection,
    chunks: ReadonlyMap<number, readonly RawRecord[]>,
    due: (partition: number) => number,
  ): Promise<void> {
    const batches = [...chunks].map(([partition, records]) => {
      const firstSequence = sequences.get(partition) ?? 0;
      return { topic: topic.name, partition, batch: rawBatch(records, { producerId, producerEpoch, firstSequence }) };
    });
    const stored = await broker.askWith(rawProduceKey, rawProduce, batches);
    for (const [partition, records] of chunks) {
      const { errorCode, baseOffset } = stored.find((one) => one.partition === partition) ?? { errorCode: -1 };
      const name = errorName(errorCode);
      const place = `${topic.name}/${partition}`;
      if (name === 'MESSAGE_TOO_LARGE' || name === 'RECORD_LIST_TOO_LARGE') {
        throw new CommandError(
          `${place} does not take a batch that begins with a record of ${records[0]?.body.length} bytes: raise its max.message.bytes, and run this again`,
        );
      }
      if (name !== undefined) throw new PassingError(`${place}: ${name}`);
      if (baseOffset !== due(partition)) throw alien(place, due(partition), baseOffset);
      sequences.set(partition, (sequences.get(partition) ?? 0) + records.length);
    }
  }

  return {
    async write(records, due) {
      const waiting = new Map([...records].map(([partition, list]) => [partition, [...list]]));
      const at = new Map([...records.keys()].map((partition) => [partition, due(partition)]));
      const nextDue = (partition: number): number => at.get(partition) ?? 0;
      await Promise.all(
        [...byLeader(topic, nodes)].map(async ([broker, led]) => {
          for (;;) {
            const chunks = nextChunks(led, waiting);
            if (chunks.size === 0) return;
            await send(broker, chunks, nextDue);
            for (const [partition, list] of chunks) at.set(partition, nextDue(partition) + list.length);
          }
        }),
      );
    },
  };
}

/** A chunk of each partition, until the request is full. */
function nextChunks(led: readonly number[], waiting: ReadonlyMap<number, RawRecord[]>): Map<number, RawRecord[]> {
  const chunks = new Map<number, RawRecord[]>();
  let total = 0;
  for (const partition of led) {
    const list = waiting.get(partition) ?? [];
    if (list.length === 0 || total >= requestBytes) continue;
    let bytes = 0;
    let count = 0;
    for (const { body } of list) {
      if (count > 0 && (bytes + body.length > chunkBytes || count === chunkRecords)) break;
      bytes += body.length + 32;
      count += 1;
    }
    total += bytes;
    chunks.set(partition, list.splice(0, count));
  }
  return chunks;
}

function alien(place: string, due: number, found: number | undefined): CommandError {
  return new CommandError(
    `somebody else writes to ${place}: a copy was due at offset ${due} and landed at ${found}. Only this may write there ` +
      'until it says that it is finished. Stop that producer, delete the new topic, and begin again: nothing reads it yet',
  );
}
