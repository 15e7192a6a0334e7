import type { ParkedKey } from '../../functions/runtime/parking.ts';
import { parkedTopicOf } from '../../functions/runtime/parking.ts';
import { requester, stateKey } from '../../functions/runtime/parking-state.ts';
import { errorName } from '../support/kafka/broker.ts';
import type { OpenedCluster } from '../support/kafka/cluster-facts.ts';
import { PassingError } from '../support/kafka/fetch-round.ts';
import { wholeTopic } from '../support/kafka/group-look.ts';
import { rawBatch } from '../support/kafka/raw-records.ts';
import { rawProduce, rawProduceKey } from '../support/kafka/raw-requests.ts';
import type { ParkedEntry, ParkedNote, ParkedRecord } from './parked.ts';
import { plainBody } from './raw-headers.ts';

/** Asks the owners of keys to release them. Each does once a record of the key comes, unless it waits for more by then. */
export async function requestReleases(
  cluster: OpenedCluster,
  deadLetters: string,
  entries: readonly ParkedEntry[],
): Promise<void> {
  const records = entries.map(({ topic, partition, functionName, name, last }) => ({
    partition,
    key: stateKey(topic, functionName, requester, name),
    value: Buffer.from(JSON.stringify({ last } satisfies Pick<ParkedKey, 'last'>)),
  }));
  await writeNotes(cluster, deadLetters, records);
}

/**
 * Takes notes back, whoever wrote them. An owner that runs has its own in memory, and may write them again. A request that
 * another run of this command has written since these were read has the same key, and is taken back with them: its key stays
 * parked, nothing goes out of order, and `unpark --apply` asks anew.
 */
export async function clearNotes(
  cluster: OpenedCluster,
  deadLetters: string,
  notes: readonly ParkedNote[],
): Promise<void> {
  const records = notes.map(({ partition, recordKey }) => ({ partition, key: recordKey, value: null }));
  await writeNotes(cluster, deadLetters, records);
}

const transactionTimeoutMs = 60_000;
const together = 200;

/** Outside of the transactions of a redrive: one that is left open would hide what owners write behind it. */
async function writeNotes(cluster: OpenedCluster, deadLetters: string, notes: readonly ParkedRecord[]): Promise<void> {
  if (notes.length === 0) return;
  const topic = wholeTopic(cluster, parkedTopicOf(deadLetters));
  const [any] = cluster.nodes.values();
  if (any === undefined) throw new PassingError('no broker answers');
  const { producerId, producerEpoch, errorCode } = await any.ask('InitProducerId', {
    transactionTimeout: transactionTimeoutMs,
  });
  if (errorCode !== 0) throw new PassingError(errorName(errorCode));
  for (const [partition, list] of Map.groupBy(notes, (note) => note.partition)) {
    const leader = cluster.nodes.get(topic.partitions.find((one) => one.partition === partition)?.leader ?? -1);
    if (leader === undefined) throw new PassingError(`${topic.name}/${partition} has no leader that answers`);
    for (let firstSequence = 0; firstSequence < list.length; firstSequence += together) {
      const records = list
        .slice(firstSequence, firstSequence + together)
        .map(({ key, value }) => ({ timestamp: Date.now(), body: plainBody(key, value) }));
      const batch = rawBatch(records, { producerId: Number(producerId), producerEpoch, firstSequence });
      const [stored] = await leader.askWith(rawProduceKey, rawProduce, [{ topic: topic.name, partition, batch }]);
      const name = errorName(stored?.errorCode ?? -1);
      if (name !== undefined) throw new PassingError(`${topic.name}/${partition}: ${name}`);
    }
  }
}
