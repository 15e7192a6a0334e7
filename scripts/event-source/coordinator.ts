import type { Cluster } from 'kafkajs/src/cluster/index.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';

const followed = new WeakSet<Cluster>();
const pauseMs = 150;
const { heartbeat, commitOffsets } = ConsumerGroup.prototype;

/**
 * Has the consumer group of this cluster object look for its coordinator again when that has moved or died. kafkajs does
 * so in a join only, and a join waits for the drain, whose commit would go to the coordinator that is no more.
 */
export function followCoordinator(cluster: Cluster): void {
  followed.add(cluster);
}

ConsumerGroup.prototype.heartbeat = async function beatAnywhere(this: ConsumerGroup, options): Promise<void> {
  try {
    await heartbeat.call(this, options);
  } catch (error) {
    if (!followed.has(this.cluster) || !isAway(error)) throw error;
    // No reason to leave the group: the next one goes to whoever looks after it then.
    await findCoordinator(this);
  }
};

ConsumerGroup.prototype.commitOffsets = async function commitAnywhere(this: ConsumerGroup, offsets): Promise<void> {
  try {
    await commitOffsets.call(this, offsets);
  } catch (error) {
    if (followed.has(this.cluster) && isAway(error)) await findCoordinator(this);
    throw error; // tried again by whoever asked for it
  }
};

const away: ReadonlySet<unknown> = new Set([
  ...['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS'],
  ...['KafkaJSConnectionError', 'KafkaJSConnectionClosedError', 'KafkaJSRequestTimeoutError', 'KafkaJSBrokerNotFound'],
]);

function isAway(error: unknown): boolean {
  const { type, name } = error as { type?: unknown; name?: unknown };
  return away.has(type) || away.has(name);
}

async function findCoordinator(group: ConsumerGroup): Promise<void> {
  try {
    await group.cluster.refreshMetadata();
    const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
    group.coordinator = coordinator;
    if (group.offsetManager) group.offsetManager.coordinator = coordinator;
  } catch {
    // There is none yet.
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
