import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import type { FetchedBatch, GroupListener, OutOfRangePolicy } from '../port.ts';
import { decodeFetchResponse, encodeFetchRequest, type FetchPosition, fetchApi } from '../wire/fetch.ts';
import { halt } from './out-of-range.ts';
import { positionOf } from './position.ts';
import { sendRaw } from './raw-request.ts';
import type { Standstills } from './standstill.ts';
import { takeResponse } from './take-response.ts';

/** What may befall one partition while it is read. */
export type PartitionEvents = Pick<GroupListener, 'stuck' | 'unstuck' | 'moved' | 'denied'>;

/** What a fetch needs to know of the member it is for. */
export interface FetchContext {
  readonly topic: string;
  readonly standstills: Standstills;
  readonly outOfRange: OutOfRangePolicy;
  readonly events: PartitionEvents;
  /** Whether the assignment is still the one that the fetch began in. */
  current(): boolean;
  fetched(batch: FetchedBatch): void;
  /** Resolves when a paused partition is resumed, or after the given time. */
  resumedWithin(ms: number): Promise<void>;
}

const networkMs = 1_000;

/**
 * One fetch from one broker, in place of kafkajs' own: records go to the member as they are read, and their offsets are
 * resolved at once. What kafkajs does around it stays: metadata, committed offsets, pauses, replicas, recovery. Throws
 * what kafkajs' recovery understands.
 */
export async function fetchFrom(group: ConsumerGroup, nodeId: string, context: FetchContext): Promise<void> {
  const { topic } = context;
  await group.cluster.refreshMetadataIfNecessary();
  group.checkForStaleAssignment();
  const mine = group.filterPartitionsByNode(nodeId, group.subscriptionState.active());
  await group.seekOffsets(mine);
  const positions = positionsOf(group, context, mine.find((one) => one.topic === topic)?.partitions ?? []);
  if (positions.length === 0) return context.resumedWithin(group.maxWaitTime);

  const broker = await group.cluster.findBroker({ nodeId });
  const version = Math.min(fetchApi.newest, broker.versions?.[fetchApi.key]?.maxVersion ?? fetchApi.oldest);
  const body = encodeFetchRequest(
    {
      topic,
      positions,
      maxWaitMs: group.maxWaitTime,
      minBytes: group.minBytes,
      maxBytes: group.maxBytes,
      maxBytesPerPartition: group.maxBytesPerPartition,
      isolationLevel: group.isolationLevel,
      rackId: group.rackId,
    },
    version,
  );
  const request = { api: fetchApi, version, body, timeoutMs: group.maxWaitTime + networkMs };
  const response = await sendRaw(broker, request, (payload) => decodeFetchResponse(payload, topic, version));
  if (response.errorCode !== 0) throw createErrorFromCode(response.errorCode);
  if (context.current()) await takeResponse(group, response, positions, context);
}

/** Where to read on. In another order each time: a batch above the limit comes only when its partition is first with data. */
function positionsOf(group: ConsumerGroup, context: FetchContext, partitions: number[]): FetchPosition[] {
  const { topic, standstills } = context;
  const committed = group.offsetManager?.committedOffsets()[topic] ?? {};
  const positions: FetchPosition[] = [];
  for (const partition of partitions) {
    // An offset that was out of range is forgotten, and not known until it is looked up.
    if (committed[partition] === undefined || standstills.has(partition)) continue;
    const position = { partition, offset: positionOf(group, topic, partition) };
    if (standstills.lacks(partition, position.offset)) {
      halt(position, context);
      continue;
    }
    const at = Math.floor(Math.random() * (positions.length + 1));
    const displaced = positions[at];
    if (displaced === undefined) positions.push(position);
    else {
      positions[at] = position;
      positions.push(displaced);
    }
  }
  return positions;
}
