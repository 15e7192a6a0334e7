import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import type { FetchPosition } from '../wire/fetch.ts';
import type { FetchContext } from './group-fetch.ts';

/**
 * The broker does not have the offset that was asked for. Never a silent jump, as kafkajs makes it: what lies between
 * would be lost, or done twice. Nothing is committed here: the position is, once a record behind it is done.
 */
export async function leaveRange(
  group: ConsumerGroup,
  { partition, offset }: FetchPosition,
  context: FetchContext,
): Promise<void> {
  const { topic, standstills, outOfRange, events } = context;
  const replicas = group.preferredReadReplicasPerTopicPartition[topic];
  if (replicas?.[partition] !== undefined) {
    // A nearer replica may not have the offset yet, or any more: only the leader knows.
    delete replicas[partition];
    return;
  }
  if (outOfRange === 'stop') {
    const error =
      `Offset ${offset} is not in the topic: its records were deleted before they were read, or the topic was made anew. ` +
      'Set KAFKA_OFFSET_OUT_OF_RANGE to earliest or latest, or move the group: npm run offsets -- plan --to earliest';
    events.stuck({ partition, offset, error, retryInMs: standstills.add(partition) });
    return;
  }
  const fromBeginning = outOfRange === 'earliest';
  const [found] = await group.cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
  const to = Number(found?.partitions.find((one) => one.partition === partition)?.offset ?? Number.NaN);
  if (Number.isNaN(to) || !context.current()) return; // the next fetch is told the same, and asks again
  group.resolveOffset({ topic, partition, offset: String(to - 1) });
  events.moved(partition, offset, to);
}
