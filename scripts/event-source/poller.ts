import { setTimeout as sleep } from 'node:timers/promises';
import { type Consumer, type Kafka, PartitionAssigners } from 'kafkajs';
import type { Cluster } from 'kafkajs/src/cluster/index.js';
import { readEveryCodec } from '../support/kafka/codecs.ts';
import { followCoordinator } from './coordinator.ts';
import { drainFirst } from './drain-first.ts';
import { createPartitionQueues } from './partition-queues.ts';
import { type QueuedRecord, queuedRecord } from './payload.ts';

export interface PollerOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly groupId: string;
  readonly batchSize: number;
  readonly windowMs: number;
  /** Partitions that some poller of this mapping is delivering from. */
  readonly busy: Set<number>;
  /** Batches in delivery at a time. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Called when the group has shared out its partitions: those of this poller. */
  readonly onAssigned?: (partitions: readonly number[]) => void;
  /** What a person should know. */
  readonly onNotice?: (line: string) => void;
  /** Delivers a batch; `done` says which records are. What is invoked ends; `signal` says that nothing is tried again. */
  deliver(
    batch: readonly QueuedRecord[],
    done: (records: readonly QueuedRecord[]) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** A member of the mapping's consumer group, which gathers batches and commits what was delivered. */
export interface Poller {
  /** Stops polling, waits for the deliveries under way, commits, leaves the group. */
  stop(): Promise<void>;
  /** Records fetched and not handed to a delivery yet. */
  readonly waiting: number;
}

const gatherEveryMs = 20;
const commitEveryMs = 500;
const sessionTimeoutMs = 10_000;
/** kafkajs tells the group to wait a minute for a member that joins again. */
const drainMs = 45_000;

export async function startPoller(options: PollerOptions): Promise<Poller> {
  const { kafka, topic, groupId, concurrency, signal } = options;
  const queues = createPartitionQueues(options);
  readEveryCodec(); // the service decodes what its function gets
  const consumer: Consumer = kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: 1_000,
    maxWaitTimeInMs: 200,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 20 },
    partitionAssigners: [
      (config) => {
        const cluster = config.cluster as unknown as Cluster; // the public type leaves out what a group has
        followCoordinator(cluster);
        drainFirst(cluster, { drain, forget });
        return PartitionAssigners.roundRobin(config);
      },
    ],
  });
  const paused = new Set<number>();
  const deliveries = new Set<Promise<void>>();
  /** Next offset to read, by partition, of what is done and not committed yet. */
  let positions = new Map<number, number>();
  /** Counts assignments: what was taken in an older one is somebody else's now, and its commits mean nothing. */
  let generation = 0;
  /** Aborted when the partitions are about to be shared out anew; no batch begins then. */
  let held = new AbortController();
  let holds = AbortSignal.any([signal, held.signal]);
  let stopping = false;
  let heartbeatSentAtMs = 0;
  /** When the group was last asked whether this poller is a member, and said so. */
  let confirmedAtMs = Date.now();

  async function drain(): Promise<void> {
    held.abort();
    await Promise.race([Promise.all(deliveries), sleep(drainMs, undefined, { ref: false })]);
    await commit();
  }

  function forget(): void {
    generation += 1;
    positions = new Map();
    queues.clear();
  }

  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    options.onNotice?.(`The poller's client gave up (${error.message}): ${restart ? 'it starts again' : 'for good'}`);
  });
  consumer.on(consumer.events.REQUEST, ({ payload: { apiName, sentAt } }) => {
    if (apiName === 'Heartbeat') heartbeatSentAtMs = sentAt;
  });
  consumer.on(consumer.events.HEARTBEAT, () => {
    // Not when the answer is read: the process may have been stopped in between.
    confirmedAtMs = heartbeatSentAtMs;
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    confirmedAtMs = Date.now();
    generation += 1;
    options.onAssigned?.((payload.memberAssignment[topic] ?? []).toSorted((a, b) => a - b));
    queues.clear();
    // kafkajs keeps pauses over a join: nobody would read those partitions any more.
    if (paused.size > 0) consumer.resume([{ topic, partitions: [...paused] }]);
    paused.clear();
    positions = new Map();
    // Who was out of the group has not drained: what it still tries again is delivered by others as well.
    held.abort();
    held = new AbortController();
    holds = AbortSignal.any([signal, held.signal]);
  });

  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, isStale, isRunning }) => {
      if (isStale() || !isRunning() || stopping) return;
      queues.push(
        batch.partition,
        batch.messages.map((message) => queuedRecord(topic, batch.partition, message)),
      );
      const last = batch.messages.at(-1);
      if (last) resolveOffset(last.offset);
      if (queues.full(batch.partition)) {
        paused.add(batch.partition);
        consumer.pause([{ topic, partitions: [batch.partition] }]);
      }
    },
  });

  function gather(): void {
    // A poller that was stopped for a session does not know yet that its partitions are somebody else's.
    const doubtful = Date.now() - confirmedAtMs > sessionTimeoutMs;
    while (!stopping && !holds.aborted && !doubtful && deliveries.size < concurrency) {
      const batch = queues.take(Date.now());
      if (batch === undefined) break;
      const taken = generation;
      const delivery = options
        .deliver(
          batch,
          (records) => {
            if (taken !== generation) return;
            for (const { record } of records) {
              positions.set(record.partition, Math.max(positions.get(record.partition) ?? 0, record.offset + 1));
            }
          },
          holds,
        )
        .finally(() => {
          deliveries.delete(delivery);
          for (const { record } of batch) options.busy.delete(record.partition);
        });
      deliveries.add(delivery);
    }
    for (const partition of paused) {
      if (queues.full(partition)) continue;
      paused.delete(partition);
      consumer.resume([{ topic, partitions: [partition] }]);
    }
  }

  let committing: Promise<void> = Promise.resolve();

  /** One at a time: an older one must not come last, and who leaves has to wait for the one under way. */
  function commit(): Promise<void> {
    committing = committing.then(commitOnce);
    return committing;
  }

  async function commitOnce(): Promise<void> {
    const offsets = [...positions].map(([partition, offset]) => ({ topic, partition, offset: String(offset) }));
    if (offsets.length === 0) return;
    const committed = positions;
    const taken = generation;
    positions = new Map();
    try {
      await consumer.commitOffsets(offsets);
    } catch {
      // Committed with the next ones, unless the partitions were given to others meanwhile.
      if (taken !== generation) return;
      for (const [partition, offset] of committed) if (!positions.has(partition)) positions.set(partition, offset);
    }
  }

  const gatherer = setInterval(gather, gatherEveryMs);
  const committer = setInterval(() => void commit(), commitEveryMs);

  return {
    async stop() {
      stopping = true;
      clearInterval(gatherer);
      clearInterval(committer);
      await Promise.all(deliveries);
      await commit();
      for (let tries = 0; tries < 10 && positions.size > 0; tries += 1) {
        await sleep(100);
        await commit();
      }
      await consumer.disconnect();
    },
    get waiting() {
      return queues.waiting;
    },
  };
}
