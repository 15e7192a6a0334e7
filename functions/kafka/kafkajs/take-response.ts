import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import type { FetchedPartition, FetchPosition, FetchResponse } from '../wire/fetch.ts';
import { readBatches } from '../wire/fetched-batches.ts';
import type { InflateBudget } from '../wire/inflate.ts';
import { WireError } from '../wire/wire-error.ts';
import { isOffsetOutOfRange, isUnauthorized, isUnreadable } from './failures.ts';
import type { FetchContext } from './group-fetch.ts';
import { leaveRange } from './out-of-range.ts';
import { positionOf } from './position.ts';

/** What the compressed batches of one response may inflate to, before the last of them. */
const inflateBudgetBytes = 16_777_216;
/** And what its records may take, which a batch of tiny ones, or of headers, exceeds a hundredfold of its bytes. */
const recordsBudgetBytes = 16_777_216;

/** A right that was taken away is given back by somebody who waits for it; and asking costs no bytes. */
const deniedMs = 5_000;

/** Hands over what can be read, and only then sees to what went wrong: one partition's trouble is no other's. */
export async function takeResponse(
  group: ConsumerGroup,
  response: FetchResponse,
  asked: readonly FetchPosition[],
  context: FetchContext,
): Promise<void> {
  const { topic } = context;
  const budget: InflateBudget = { left: inflateBudgetBytes, room: recordsBudgetBytes };
  const offsets = new Map(asked.map(({ partition, offset }) => [partition, offset]));
  const outOfRange: FetchPosition[] = [];
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
      else if (context.standstills.delete(partition)) context.events.unstuck(partition);
    } else if (isOffsetOutOfRange(error)) outOfRange.push({ partition, offset });
    else if (isUnreadable(error)) standStill(partition, offset, error, context);
    else if (isUnauthorized(error)) {
      context.standstills.add(partition, deniedMs);
      context.events.denied({ operation: 'Read', resource: 'topic', name: topic });
    } else trouble ??= error;
  }
  for (const position of outOfRange) await leaveRange(group, position, context);
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
  const { topic, standstills, events } = context;
  const { partition, highWatermark } = answer;
  try {
    const fetched = readBatches(bytes, answer, { topic, partition, offset }, budget);
    if (fetched.next === offset) return; // put off: what a response may inflate to is used up
    // Told without a record, too: behind a transaction's marker there is nothing to wait for.
    context.fetched({ partition, ...fetched, highWatermark });
    group.resolveOffset({ topic, partition, offset: String(fetched.next - 1) });
    if (standstills.delete(partition)) events.unstuck(partition);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    standStill(partition, offset, error, context);
  }
}

function standStill(partition: number, offset: number, error: Error, { standstills, events }: FetchContext): void {
  events.stuck({ partition, offset, error: error.message, retryInMs: standstills.add(partition) });
}

/** A broker may send us to a replica that is nearer, for a time. */
function preferReplica(group: ConsumerGroup, topic: string, { partition, preferredReplica }: FetchedPartition): void {
  if (preferredReplica === -1) return;
  group.preferredReadReplicasPerTopicPartition[topic] ??= {};
  const replicas = group.preferredReadReplicasPerTopicPartition[topic];
  replicas[partition] = { nodeId: preferredReplica, expireAt: Date.now() + group.metadataMaxAge };
}
