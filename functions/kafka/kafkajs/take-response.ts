import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import type { FetchedPartition, FetchPosition, FetchResponse } from '../wire/fetch.ts';
import { readBatches } from '../wire/fetched-batches.ts';
import type { InflateBudget } from '../wire/inflate.ts';
import { WireError } from '../wire/wire-error.ts';
import { isOffsetOutOfRange, isUnreadable } from './failures.ts';
import type { FetchContext } from './group-fetch.ts';

/** What the compressed batches of one response may inflate to, before the last of them. */
const inflateBudgetBytes = 16_777_216;

/** Where the group's next fetch of the partition begins. */
export function positionOf(group: ConsumerGroup, topic: string, partition: number): number {
  return Number(group.offsetManager?.nextOffset(topic, partition));
}

/** Hands over what can be read, and only then sees to what went wrong: one partition's trouble is no other's. */
export async function takeResponse(
  group: ConsumerGroup,
  response: FetchResponse,
  asked: readonly FetchPosition[],
  context: FetchContext,
): Promise<void> {
  const { topic } = context;
  const budget: InflateBudget = { left: inflateBudgetBytes };
  const offsets = new Map(asked.map(({ partition, offset }) => [partition, offset]));
  const outOfRange: number[] = [];
  let trouble: Error | undefined;
  for (const answer of response.partitions) {
    const { partition } = answer;
    const offset = offsets.get(partition);
    // Paused, or read on by another broker's fetch: a partition may have two while its leader moves.
    if (offset === undefined || group.isPaused(topic, partition) || offset !== positionOf(group, topic, partition))
      continue;
    const error = answer.errorCode === 0 ? undefined : createErrorFromCode(answer.errorCode);
    if (error === undefined) {
      preferReplica(group, topic, answer);
      if (answer.end > answer.start) read(group, response.bytes, answer, offset, budget, context);
    } else if (isOffsetOutOfRange(error)) outOfRange.push(partition);
    else if (isUnreadable(error)) standStill(group, partition, offset, error, context);
    else trouble ??= error;
  }
  for (const partition of outOfRange) await leaveRange(group, topic, partition);
  if (trouble !== undefined) throw trouble;
}

function read(
  group: ConsumerGroup,
  bytes: Buffer,
  answer: FetchedPartition,
  offset: number,
  budget: InflateBudget,
  context: FetchContext,
): void {
  const { topic, standstills } = context;
  const { partition, highWatermark } = answer;
  try {
    const fetched = readBatches(bytes, answer, { topic, partition, offset }, budget);
    if (fetched.records.length > 0)
      context.fetched({ partition, records: fetched.records, bytes: fetched.bytes, highWatermark });
    if (fetched.next > offset) group.resolveOffset({ topic, partition, offset: String(fetched.next - 1) });
    standstills.delete(partition);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    standStill(group, partition, offset, error, context);
  }
}

function standStill(
  group: ConsumerGroup,
  partition: number,
  offset: number,
  error: Error,
  { topic, standstills }: FetchContext,
): void {
  const retryInMs = standstills.add(partition);
  const fields = { topic, partition, offset, error: error.message, retryInMs };
  group.logger.error('A partition stands still: what follows its offset cannot be read. No other is held up', fields);
}

/** A broker may send us to a replica that is nearer, for a time. */
function preferReplica(group: ConsumerGroup, topic: string, { partition, preferredReplica }: FetchedPartition): void {
  if (preferredReplica === -1) return;
  group.preferredReadReplicasPerTopicPartition[topic] ??= {};
  const replicas = group.preferredReadReplicasPerTopicPartition[topic];
  replicas[partition] = { nodeId: preferredReplica, expireAt: Date.now() + group.metadataMaxAge };
}

/** A nearer replica may not have the offset yet, or any more: only the leader knows. kafkajs means to ask it, and does not. */
async function leaveRange(group: ConsumerGroup, topic: string, partition: number): Promise<void> {
  const replicas = group.preferredReadReplicasPerTopicPartition[topic];
  if (replicas?.[partition] === undefined) await group.recoverFromOffsetOutOfRange({ topic, partition });
  else delete replicas[partition];
}
