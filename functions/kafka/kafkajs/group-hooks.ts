import type { Cluster } from 'kafkajs/src/cluster/index.js';
import ConsumerGroup, { type RawBatch } from 'kafkajs/src/consumer/consumerGroup.js';
import { isConnectionTrouble, isMembershipLost, isNotCoordinator, isStaleLeader, typeOf } from './failures.ts';

/** What a member wants to know about its kafkajs consumer group, which has no such callbacks itself. */
export interface GroupHooks {
  readonly heartbeatIntervalMs: number;
  /** Awaited before a rejoin while the broker still takes commits of the old generation. */
  revoked(): Promise<void>;
  /** The member is on its way out: it must not join again because somebody else came or went. */
  readonly leaving: boolean;
  lost(reason: string): void;
  /** Joined: `group.assigned()` is the new truth. */
  joined(group: ConsumerGroup): void;
  /** The coordinator confirmed the membership. */
  confirmed(): void;
  /** Resolves when a paused partition is resumed, or after the given time. */
  resumedWithin(ms: number): Promise<void>;
}

interface GroupState {
  readonly hooks: GroupHooks;
  /** Counts joins. A batch that was fetched before the last one is stale, whatever partition it is of. */
  generation: number;
  joining: Promise<void> | undefined;
  membershipLost: boolean;
}

const groups = new WeakMap<Cluster, GroupState>();
const generationOf = new WeakMap<object, number>();
const retryPauseMs = 150;

/** Hooks into the consumer group of this cluster object. Call it from the partition assigner, which is given it. */
export function hookGroup(cluster: Cluster, hooks: GroupHooks): void {
  groups.set(cluster, { hooks, generation: 0, joining: undefined, membershipLost: false });
}

/** Whether a batch was fetched for an assignment that is no longer the current one. */
export function isStaleBatch(cluster: Cluster, batch: object): boolean {
  const state = groups.get(cluster);
  return state === undefined || state.joining !== undefined || generationOf.get(batch) !== state.generation;
}

const original = {
  joinAndSync: ConsumerGroup.prototype.joinAndSync,
  heartbeat: ConsumerGroup.prototype.heartbeat,
  fetch: ConsumerGroup.prototype.fetch,
  recoverFromFetch: ConsumerGroup.prototype.recoverFromFetch,
};

/**
 * Every rejoin goes through this method, from three places, two of which may meet: they share one join. Draining in
 * front of it makes `revoked` awaitable; heartbeats go on meanwhile, or the coordinator would evict a slow drain.
 */
ConsumerGroup.prototype.joinAndSync = function joinAndSync(this: ConsumerGroup): Promise<void> {
  const state = groups.get(this.cluster);
  if (state === undefined) return original.joinAndSync.call(this);
  state.joining ??= rejoin(this, state).finally(() => {
    state.joining = undefined;
  });
  return state.joining;
};

async function rejoin(group: ConsumerGroup, state: GroupState): Promise<void> {
  if (group.generationId !== null) {
    if (group.memberId === null || state.membershipLost) {
      state.hooks.lost('the group no longer knows this member: its session expired');
    } else {
      const keepAlive = setInterval(() => void beat(group), state.hooks.heartbeatIntervalMs);
      try {
        await state.hooks.revoked();
      } finally {
        clearInterval(keepAlive);
      }
    }
  }
  // Nothing is fetched any more, and the fetch loop, which asked for this join, is about to be stopped.
  if (state.hooks.leaving) return pause(retryPauseMs);
  await original.joinAndSync.call(group);
  state.generation += 1;
  state.membershipLost = false;
  state.hooks.confirmed();
  state.hooks.joined(group);
}

async function beat(group: ConsumerGroup): Promise<void> {
  const { groupId, memberId, generationId, coordinator } = group;
  if (memberId === null || generationId === null) return;
  // The answer is an error (a rebalance is in progress), and still counts as a sign of life.
  await coordinator?.heartbeat({ groupId, memberId, groupGenerationId: generationId }).catch(() => undefined);
}

/**
 * A coordinator that moved or died is looked up again, and the membership goes on: the new coordinator knows the group
 * from its log. kafkajs would rejoin, or crash after a few tries.
 */
ConsumerGroup.prototype.heartbeat = async function heartbeat(this: ConsumerGroup, options): Promise<void> {
  const state = groups.get(this.cluster);
  const before = this.lastRequest;
  try {
    await original.heartbeat.call(this, options);
    // Called more often than a heartbeat is due, it sends none: only an answer confirms anything.
    if (this.lastRequest !== before) state?.hooks.confirmed();
  } catch (error) {
    if (state === undefined) throw error;
    if (isNotCoordinator(error) || isConnectionTrouble(error)) {
      await findCoordinator(this);
      return;
    }
    if (isMembershipLost(error)) state.membershipLost = true;
    throw error;
  }
};

/** Looks the coordinator up again; when there is none yet, the next heartbeat or commit will. */
export async function findCoordinator(group: ConsumerGroup): Promise<void> {
  try {
    await group.cluster.refreshMetadata();
    const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
    group.coordinator = coordinator;
    if (group.offsetManager) group.offsetManager.coordinator = coordinator;
  } catch {
    await pause(retryPauseMs);
  }
}

/** Fetches are bound to the generation they began in, and a broker whose partitions are all paused is not slept on. */
ConsumerGroup.prototype.fetch = async function fetch(this: ConsumerGroup, nodeId): Promise<RawBatch[]> {
  const state = groups.get(this.cluster);
  if (state === undefined) return original.fetch.call(this, nodeId);
  if (state.joining !== undefined) {
    await state.joining.catch(() => undefined);
    return [];
  }
  const { generation } = state;
  if (!hasActivePartition(this, nodeId)) {
    await state.hooks.resumedWithin(this.maxWaitTime);
    if (!hasActivePartition(this, nodeId)) return [];
  }
  const batches = await original.fetch.call(this, nodeId);
  if (state.generation !== generation) return [];
  for (const batch of batches) generationOf.set(batch, generation);
  return batches;
};

function hasActivePartition(group: ConsumerGroup, nodeId: string): boolean {
  try {
    const active = group.filterPartitionsByNode(nodeId, group.subscriptionState.active());
    return active.some((topic) => topic.partitions.length > 0);
  } catch {
    return true; // stale metadata: the fetch itself will find out and recover
  }
}

/**
 * A leader that moved, or a broker that died, is no reason to leave the group: learn the leaders anew and go on.
 * kafkajs would make the whole group rebalance for the first, and count the second towards a crash.
 */
ConsumerGroup.prototype.recoverFromFetch = async function recoverFromFetch(this: ConsumerGroup, error): Promise<void> {
  if (!groups.has(this.cluster) || !(isStaleLeader(error) || isConnectionTrouble(error))) {
    return original.recoverFromFetch.call(this, error);
  }
  const { host, port } = error as { host?: string; port?: number };
  if (typeOf(error) === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined) {
    this.cluster.removeBroker({ host, port });
  }
  await this.cluster.refreshMetadata().catch(() => undefined);
  await pause(retryPauseMs);
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
