import type { Cluster } from 'kafkajs/src/cluster/index.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';

const heartbeatMs = 1_000;
const pauseMs = 150;
const drains = new WeakMap<Cluster, Drain>();
/** Whose topic was deleted, until they have joined again. */
const gone = new WeakSet<Cluster>();
const { joinAndSync, fetch, recoverFromFetch } = ConsumerGroup.prototype;

/** What a poller does when partitions are shared out anew. */
export interface Drain {
  /** Ends what is under way, and commits it. */
  drain(): Promise<void>;
  /** The topic was deleted: what is done of it must not be committed to one that is made again under its name. */
  forget(): void;
}

/**
 * Has the consumer group of this cluster object wait for `drain` before it joins again: what is under way ends and is
 * committed while the brokers still take commits of the old generation. kafkajs waits for `eachBatch` only, and
 * deliveries go on behind that. Call it from the partition assigner, which is given the cluster.
 */
export function drainFirst(cluster: Cluster, drain: Drain): void {
  drains.set(cluster, drain);
}

ConsumerGroup.prototype.joinAndSync = async function drainAndJoin(this: ConsumerGroup): Promise<void> {
  const drain = drains.get(this.cluster);
  if (drain !== undefined && this.generationId !== null && this.memberId !== null) {
    // Or the group would take this member for dead.
    const keepAlive = setInterval(() => void beat(this), heartbeatMs);
    await drain.drain().finally(() => clearInterval(keepAlive));
  }
  await joinAndSync.call(this);
  gone.delete(this.cluster);
};

ConsumerGroup.prototype.fetch = async function fetchOrJoin(this: ConsumerGroup, nodeId): Promise<unknown[]> {
  if (!gone.has(this.cluster)) return fetch.call(this, nodeId);
  // Throws as long as there is no topic. Kafka forgets the commits of the old one, so that the first record is next.
  await this.cluster.refreshMetadata();
  if (gone.has(this.cluster)) await this.joinAndSync();
  return [];
};

ConsumerGroup.prototype.recoverFromFetch = async function forgetAndRecover(this: ConsumerGroup, error): Promise<void> {
  const drain = drains.get(this.cluster);
  if (drain === undefined || error.type !== 'UNKNOWN_TOPIC_OR_PARTITION') return recoverFromFetch.call(this, error);
  gone.add(this.cluster);
  drain.forget();
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
};

async function beat({ groupId, memberId, generationId, coordinator }: ConsumerGroup): Promise<void> {
  if (memberId === null || generationId === null) return;
  // The answer is an error, since the group rebalances, and a sign of life all the same.
  await coordinator?.heartbeat({ groupId, memberId, groupGenerationId: generationId }).catch(() => undefined);
}
