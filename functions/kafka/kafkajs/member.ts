import type { Consumer, Kafka } from 'kafkajs';
import type { Cluster } from 'kafkajs/src/cluster/index.js';
import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import type { CommitResult, GroupListener, GroupMember, GroupMemberOptions } from '../port.ts';
import { type AssignerContext, plainAssigner, stickyAssigner } from './assigner.ts';
import { isConnectionTrouble, isMembershipLost, isNotCoordinator } from './failures.ts';
import { findCoordinator, hookGroup } from './group-hooks.ts';
import { rightOf } from './missing-rights.ts';

const rebuildPauseMs = 500;
const leastFetchBytes = 65_536;

/** A member of a consumer group on kafkajs. It is rebuilt from scratch when kafkajs gives up on it. */
export function kafkajsMember(kafka: Kafka, options: GroupMemberOptions, listener: GroupListener): GroupMember {
  let consumer: Consumer | undefined;
  let group: ConsumerGroup | undefined;
  let leaving = false;
  let confirmedAtMs = Date.now();
  /** What we had last, for the sticky assigner: a claim survives a rebuild of the client. */
  let owned: readonly number[] = [];
  let generation = -1;
  /** Topics of other members of the group, as far as this join has told. */
  let foreign: readonly string[] = [];
  let heartbeats: NodeJS.Timeout | undefined;
  let wakeFetchers: (() => void)[] = [];

  function build(): Consumer {
    const built = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      heartbeatInterval: options.heartbeatIntervalMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      maxWaitTimeInMs: options.maxWaitMs,
      minBytes: options.minBytes,
      maxBytes: options.maxBytes,
      maxBytesPerPartition: options.maxBytesPerPartition,
      allowAutoTopicCreation: false,
      // We rebuild the client ourselves: kafkajs' own restart can leave a second one running.
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 8, restartOnFailure: async () => false },
      partitionAssigners: [
        (config) => {
          const cluster = config.cluster as unknown as Cluster; // the public type leaves out what internals.d.ts declares
          hookGroup(cluster, {
            topic: options.topic,
            heartbeatIntervalMs: options.heartbeatIntervalMs,
            outOfRange: options.outOfRange,
            events: listener,
            revoked: () => listener.revoked(),
            get leaving() {
              return leaving;
            },
            lost: (reason) => listener.lost(reason),
            confirmed: (askedAtMs) => {
              confirmedAtMs = askedAtMs;
            },
            joined,
            fetched(from, batch) {
              // A group that was given up may still have a fetch on its way.
              if (from === group) listener.records(batch);
            },
            resumedWithin,
          });
          return stickyAssigner(assigning(cluster));
        },
        (config) => plainAssigner(assigning(config.cluster as unknown as Cluster)),
      ],
    });
    // A plain member of another topic leads, and shares out that topic alone: ours is read by nobody then.
    built.on(built.events.RECEIVED_UNSUBSCRIBED_TOPICS, ({ payload }) => {
      foreign = payload.topicsNotSubscribed;
    });
    built.on(built.events.CRASH, ({ payload }) => {
      if (built === consumer) void rebuild(payload.error);
    });
    return built;
  }

  /** What an assigner must know, should this member lead the group. */
  function assigning(cluster: Cluster): AssignerContext {
    return {
      topic: options.topic,
      async partitionCount(topic) {
        if (topic === options.topic) return cluster.findTopicPartitionMetadata(topic).length;
        // Asked for once, and not added to what is refreshed: it may be deleted, which is none of our business.
        const { topicMetadata } = await cluster.metadata();
        return topicMetadata.find((one) => one.topic === topic)?.partitionMetadata.length ?? 0;
      },
      claim() {
        foreign = []; // a join begins, maybe behind one that came to nothing
        return { generation, partitions: owned };
      },
      shared(topics) {
        foreign = topics;
      },
    };
  }

  function joined(joinedGroup: ConsumerGroup): void {
    group = joinedGroup;
    if (leaving) return; // the join was under way when the drain began
    generation = joinedGroup.generationId ?? -1;
    owned = joinedGroup
      .assigned()
      .filter(({ topic }) => topic === options.topic)
      .flatMap(({ partitions }) => partitions)
      .map(Number)
      .sort((a, b) => a - b);
    // One instance with all partitions would fetch 60 MB a round: decoded, that is several times as much memory.
    const share = Math.floor(options.maxBytesPerRound / Math.max(1, owned.length));
    joinedGroup.maxBytesPerPartition = Math.min(options.maxBytesPerPartition, Math.max(leastFetchBytes, share));
    listener.assigned(owned, foreign);
  }

  /** Heartbeats go out on a clock of their own: kafkajs sends them between fetches only. */
  function startHeartbeats(): void {
    clearInterval(heartbeats);
    heartbeats = setInterval(() => {
      // What the answer asks for (a rejoin) is done by the fetch loop, whose own heartbeat gets the same answer.
      group?.heartbeat({ interval: options.heartbeatIntervalMs }).catch(() => undefined);
    }, options.heartbeatIntervalMs / 2);
  }

  async function connect(): Promise<void> {
    const built = build();
    consumer = built;
    await built.connect();
    await built.subscribe({ topic: options.topic, fromBeginning: true });
    startHeartbeats();
    await built.run({
      autoCommit: false,
      eachBatch: async () => undefined, // never called: what is fetched comes by `fetched`
    });
  }

  async function rebuild(cause: Error): Promise<void> {
    group = undefined;
    listener.lost(`the Kafka client gave up: ${cause.message}`);
    let error = cause;
    while (!leaving) {
      const right = rightOf(error, options.topic, options.groupId);
      if (right !== undefined) listener.denied(right);
      listener.interrupted(error);
      await new Promise((resolve) => setTimeout(resolve, rebuildPauseMs));
      if (leaving) return;
      const old = consumer;
      consumer = undefined;
      await old?.disconnect().catch(() => undefined);
      try {
        await connect();
        return;
      } catch (failure) {
        error = failure instanceof Error ? failure : new Error(String(failure));
      }
    }
  }

  function resumedWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeFetchers.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async function commitTo(member: ConsumerGroup, offsets: ReadonlyMap<number, number>): Promise<CommitResult> {
    const { groupId, memberId, generationId, coordinator } = member;
    if (memberId === null || generationId === null || coordinator === null) return 'refused';
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
    const topics = [{ topic: options.topic, partitions }];
    const askedAtMs = Date.now();
    try {
      await coordinator.offsetCommit({ groupId, memberId, groupGenerationId: generationId, topics });
      confirmedAtMs = askedAtMs;
      return 'committed';
    } catch (error) {
      if (isMembershipLost(error)) return 'refused';
      const right = rightOf(error, options.topic, options.groupId);
      if (right !== undefined) {
        listener.denied(right);
        return 'denied';
      }
      if (isNotCoordinator(error) || isConnectionTrouble(error)) await findCoordinator(member);
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  return {
    start: connect,
    pause(partitions) {
      if (group !== undefined) consumer?.pause([{ topic: options.topic, partitions: [...partitions] }]);
    },
    resume(partitions) {
      if (group === undefined) return;
      consumer?.resume([{ topic: options.topic, partitions: [...partitions] }]);
      const waiting = wakeFetchers;
      wakeFetchers = [];
      for (const wake of waiting) wake();
    },
    commit: async (offsets) => (group === undefined ? new Error('out of the group') : commitTo(group, offsets)),
    async leave() {
      leaving = true;
      await listener.revoked();
      clearInterval(heartbeats);
      // Leave first, close after: the others take over at once, while our open fetch still has to time out.
      await group?.leave().catch(() => undefined);
      await consumer?.disconnect().catch(() => undefined);
    },
    get confirmedAtMs() {
      return confirmedAtMs;
    },
  };
}
