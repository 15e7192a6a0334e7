import type { Cluster } from 'kafkajs/src/cluster/index.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import type { FetchedBatch, OutOfRangePolicy } from '../port.ts';
import {
  isConnectionTrouble,
  isMembershipLost,
  isNotCoordinator,
  isStaleLeader,
  isTopicGone,
  typeOf,
} from './failures.ts';
import { fetchFrom, type PartitionEvents } from './group-fetch.ts';
import { rightOf } from './missing-rights.ts';
import { createStandstills, type Standstills } from './standstill.ts';

/** What a member wants to know about its kafkajs consumer group, which has no such callbacks itself. */
export interface GroupHooks {
  readonly topic: string;
  readonly heartbeatIntervalMs: number;
  readonly outOfRange: OutOfRangePolicy;
  readonly events: PartitionEvents;
  /** Awaited before a rejoin while the broker still takes commits of the old generation. */
  revoked(): Promise<void>;
  /** The member is on its way out: it must not join again because somebody else came or went. */
  readonly leaving: boolean;
  lost(reason: string): void;
  /** Joined: `group.assigned()` is the new truth. */
  joined(group: ConsumerGroup): void;
  /** The coordinator confirmed the membership, when it was asked at that time. */
  confirmed(askedAtMs: number): void;
  /** Records of the current assignment. */
  fetched(group: ConsumerGroup, batch: FetchedBatch): void;
  /** Resolves when a paused partition is resumed, or after the given time. */
  resumedWithin(ms: number): Promise<void>;
}

interface GroupState {
  readonly hooks: GroupHooks;
  /** Counts joins. What was fetched before the last one is stale, whatever partition it is of. */
  generation: number;
  readonly standstills: Standstills;
  joining: Promise<void> | undefined;
  membershipLost: boolean;
  /** The topic was deleted: where this member stood means nothing, in whatever is there under its name. */
  topicGone: boolean;
}

const groups = new WeakMap<Cluster, GroupState>();
const retryPauseMs = 150;

/** Hooks into the consumer group of this cluster object. Call it from the partition assigner, which is given it. */
export function hookGroup(cluster: Cluster, hooks: GroupHooks): void {
  groups.set(cluster, {
    hooks,
    generation: 0,
    standstills: createStandstills(),
    joining: undefined,
    membershipLost: false,
    topicGone: false,
  });
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
  state.standstills.reset(state.topicGone);
  state.membershipLost = false;
  state.topicGone = false;
  state.hooks.confirmed(Date.now());
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
  // By a clock that was set back the next one would be due in an hour, and a rebalance be heard of by then.
  if (this.lastRequest > Date.now()) this.lastRequest = 0;
  const before = this.lastRequest;
  // Not when the answer is read: a process may have been frozen in between.
  const askedAtMs = Date.now();
  try {
    await original.heartbeat.call(this, options);
    // Called more often than a heartbeat is due, it sends none: only an answer confirms anything.
    if (this.lastRequest !== before) state?.hooks.confirmed(askedAtMs);
  } catch (error) {
    if (state === undefined) throw error;
    if (isNotCoordinator(error) || isConnectionTrouble(error)) {
      await findCoordinator(this);
      return;
    }
    const right = rightOf(error, state.hooks.topic, this.groupId);
    if (right !== undefined) {
      state.hooks.events.denied(right);
      return pause(retryPauseMs);
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

/**
 * Fetches are bound to the generation they began in. Records do not come back this way: kafkajs would wrap them in
 * batches, queue those, and resolve them one by one. It is told that there were none.
 */
ConsumerGroup.prototype.fetch = async function fetch(this: ConsumerGroup, nodeId): Promise<unknown[]> {
  const state = groups.get(this.cluster);
  if (state === undefined) return original.fetch.call(this, nodeId);
  if (state.joining !== undefined) {
    await state.joining.catch(() => undefined);
    return [];
  }
  if (state.topicGone) {
    // Throws as long as there is none. Its commits are gone with the old one: the first record is next.
    await this.cluster.refreshMetadata();
    if (state.topicGone) await this.joinAndSync();
    return [];
  }
  const { generation, standstills, hooks } = state;
  try {
    await fetchFrom(this, nodeId, {
      topic: hooks.topic,
      standstills,
      outOfRange: hooks.outOfRange,
      events: hooks.events,
      current: () => state.generation === generation && state.joining === undefined && !hooks.leaving,
      fetched: (batch) => hooks.fetched(this, batch),
      resumedWithin: (ms) => hooks.resumedWithin(ms),
    });
  } catch (error) {
    // A broker may say last what was so before the join.
    if (!isTopicGone(error) || state.generation === generation) await this.recoverFromFetch(error as Error);
  }
  return [];
};

/**
 * A leader that moved, a broker that died, or a right that was taken away, is no reason to leave the group: learn the leaders anew and go on.
 * kafkajs would make the whole group rebalance for the first, and count the second towards a crash.
 */
ConsumerGroup.prototype.recoverFromFetch = async function recoverFromFetch(this: ConsumerGroup, error): Promise<void> {
  const state = groups.get(this.cluster);
  const right = state && rightOf(error, state.hooks.topic, this.groupId);
  if (right !== undefined) state?.hooks.events.denied(right);
  if (state !== undefined && isTopicGone(error)) {
    state.topicGone = true;
    // What is done of it must not be committed to one of the same name.
    state.hooks.lost('the topic was deleted');
    return pause(retryPauseMs);
  }
  if (state === undefined || !(right !== undefined || isStaleLeader(error) || isConnectionTrouble(error))) {
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
