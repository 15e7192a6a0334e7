import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import type { FetchPosition } from '../wire/fetch.ts';
import type { FetchContext } from './group-fetch.ts';
import { positionOf } from './position.ts';

/**
 * The broker does not have the offset that was asked for. Never a silent jump, as kafkajs makes it: what lies between
 * would be lost, or done twice.
 */
export async function leaveRange(
  group: ConsumerGroup,
  { partition, offset }: FetchPosition,
  context: FetchContext,
): Promise<void> {
  const { topic, outOfRange, events } = context;
  const replicas = group.preferredReadReplicasPerTopicPartition[topic];
  if (replicas?.[partition] !== undefined) {
    // A nearer replica may not have the offset yet, or any more: only the leader knows.
    delete replicas[partition];
    return;
  }
  if (outOfRange === 'stop') return halt({ partition, offset }, context);
  const fromBeginning = outOfRange === 'earliest';
  const [found] = await group.cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
  const to = Number(found?.partitions.find((one) => one.partition === partition)?.offset ?? Number.NaN);
  // While a leader moves, two brokers may say so of one partition. What is not settled now is said again.
  if (Number.isNaN(to) || !context.current() || positionOf(group, topic, partition) !== offset) return;
  group.resolveOffset({ topic, partition, offset: String(to - 1) });
  events.moved(partition, offset, to);
}

/** Not tried again: a topic that has grown to this offset meanwhile has other records before it, which nobody read. */
export function halt({ partition, offset }: FetchPosition, { standstills, events }: FetchContext): void {
  const error =
    `Offset ${offset} is not in the topic: its records were deleted before they were read, or the topic was made anew. ` +
    'Set KAFKA_OFFSET_OUT_OF_RANGE to earliest or latest, or move the group: npm run offsets -- plan --to earliest';
  standstills.halt(partition, offset);
  events.stuck({ partition, offset, error });
}
