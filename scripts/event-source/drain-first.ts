import type { Cluster } from 'kafkajs/src/cluster/index.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';

const heartbeatMs = 1_000;
const drains = new WeakMap<Cluster, () => Promise<void>>();
const { joinAndSync } = ConsumerGroup.prototype;

/**
 * Has the consumer group of this cluster object wait for `drain` before it joins again: what is under way ends and is
 * committed while the brokers still take commits of the old generation. kafkajs waits for `eachBatch` only, and
 * deliveries go on behind that. Call it from the partition assigner, which is given the cluster.
 */
export function drainFirst(cluster: Cluster, drain: () => Promise<void>): void {
  drains.set(cluster, drain);
}

ConsumerGroup.prototype.joinAndSync = async function drainAndJoin(this: ConsumerGroup): Promise<void> {
  const drain = drains.get(this.cluster);
  if (drain !== undefined && this.generationId !== null && this.memberId !== null) {
    // Or the group would take this member for dead.
    const keepAlive = setInterval(() => void beat(this), heartbeatMs);
    await drain().finally(() => clearInterval(keepAlive));
  }
  return joinAndSync.call(this);
};

async function beat({ groupId, memberId, generationId, coordinator }: ConsumerGroup): Promise<void> {
  if (memberId === null || generationId === null) return;
  // The answer is an error, since the group rebalances, and a sign of life all the same.
  await coordinator?.heartbeat({ groupId, memberId, groupGenerationId: generationId }).catch(() => undefined);
}
