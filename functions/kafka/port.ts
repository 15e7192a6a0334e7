import type { InboundRecord } from '../runtime/contract.ts';
import type { OutboundRecord } from '../runtime/publisher.ts';
import type { Compression } from './wire/record-batch.ts';

/**
 * What a Kafka client must do for the container host. kafkajs implements it in `kafkajs/`; a second client would
 * stand beside it. Records are pushed: a client that is polled would call `records` from its own poll loop.
 */

/** Records of one partition, as one fetch brought them. */
export interface FetchedBatch {
  readonly partition: number;
  /** May be none: offsets may be those of transaction markers, or of records that were aborted or compacted. */
  readonly records: readonly InboundRecord[];
  readonly bytes: number;
  /** The offset to fetch next: behind the last record, or further on where no record follows. */
  readonly next: number;
  /** Offset after the last record of the partition on the broker. */
  readonly highWatermark: number;
}

/** A partition that cannot be read on from where it stands. It is tried again, and holds up no other. */
export interface StuckPartition {
  readonly partition: number;
  readonly offset: number;
  readonly error: string;
  /** Absent where it is not tried again. */
  readonly retryInMs?: number;
}

/**
 * What to do at an offset that the topic does not have: its records were deleted before they were read, or the topic was
 * made anew. `stop`: the partition stands still until somebody decides; the others skip to the first or last record.
 */
export type OutOfRangePolicy = 'stop' | 'earliest' | 'latest';

/** What a user of the cluster may be allowed, by Kafka's names. Read and Write bring Describe along. */
export interface Right {
  readonly operation: 'Read' | 'Write' | 'Describe';
  readonly resource: 'topic' | 'group';
  readonly name: string;
}

/** What happens to a member of a consumer group. */
export interface GroupListener {
  /** A fetched batch. Must not wait and not throw: pausing is how to ask for less. */
  records(batch: FetchedBatch): void;
  /**
   * These partitions are ours from now on, and no others. Nothing of them was fetched yet.
   * @param foreign topics that other members of the group read, and not ours, as far as this member was told
   */
  assigned(partitions: readonly number[], foreign: readonly string[]): void;
  /** All partitions are about to go, and may still be committed: awaited before the member joins again. */
  revoked(): Promise<void>;
  /** The partitions belong to others already, or may: nothing of them can be committed. */
  lost(reason: string): void;
  /** Told at each try. */
  stuck(trouble: StuckPartition): void;
  /** A partition that was stuck is read again. */
  unstuck(partition: number): void;
  /** An offset was out of range, and the policy has moved the partition to another one. */
  moved(partition: number, from: number, to: number): void;
  /** The brokers deny what the member needs. Told at each try: it goes on by itself once the right is granted. */
  denied(right: Right): void;
  /** The member fell out of its group and is being rebuilt. */
  interrupted(error: Error): void;
}

/** How a commit ended. `refused`: the broker says these partitions are not ours; `denied`: told; an error: try again. */
export type CommitResult = 'committed' | 'refused' | 'denied' | Error;

/** A member of a consumer group, reading one topic. */
export interface GroupMember {
  /** Joins, and stays joined through broker failures until `leave`. Rejects when the cluster cannot be reached. */
  start(): Promise<void>;
  pause(partitions: readonly number[]): void;
  resume(partitions: readonly number[]): void;
  /** Commits the next offset to read, by partition. Never throws. */
  commit(offsets: ReadonlyMap<number, number>): Promise<CommitResult>;
  /** Drains through `revoked`, leaves the group and closes. */
  leave(): Promise<void>;
  /** Since when (ms) the broker has confirmed the membership, by a join, heartbeat or commit; for the watchdog. */
  readonly confirmedAtMs: number;
}

export interface GroupMemberOptions {
  readonly topic: string;
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  /** What all partitions together should bring in one round of fetches: their share each may be below the above. */
  readonly maxBytesPerRound: number;
  readonly outOfRange: OutOfRangePolicy;
}

/** Records for one partition, in order. */
export interface ProduceBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly OutboundRecord[];
}

/** How a send ended, when not well. `too-large`: the batch is above the topic's limit; `denied`: a right is missing. */
export interface SendFailure {
  readonly kind: 'too-large' | 'transient' | 'denied';
  readonly message: string;
}

/** Sends batches, each acknowledged by all in-sync replicas. */
export interface Producer {
  connect(): Promise<void>;
  /** The broker that leads a partition; -1 while nobody does. */
  leaderOf(topic: string, partition: number): number;
  /** Learns the leaders anew. Never throws. */
  refreshLeaders(): Promise<void>;
  /**
   * Sends batches in one request, and says of each how it ended: `undefined` is stored. All batches of a send should have
   * one leader. A batch that was not stored must be sent again, unchanged and before anything else of its partition: the
   * broker then knows it if it has it after all. Never throws.
   */
  send(batches: readonly ProduceBatch[], compression: Compression): Promise<readonly (SendFailure | undefined)[]>;
  close(): Promise<void>;
}

/** What the host asks about a topic before it starts. */
export interface TopicFacts {
  readonly topic: string;
  readonly partitions: number;
  readonly maxMessageBytes: number;
  /** What its `compression.type` asks of producers; absent: as they like, or a codec that we do not have. */
  readonly compression?: Compression;
  /** Its `cleanup.policy`; absent: it may not be seen. */
  readonly cleanup?: string;
}

/** The questions asked of a cluster. */
export interface ClusterInspector {
  /** The facts of the topics that exist; the others are left out. Rejects when no broker can be reached. */
  topicFacts(topics: readonly string[]): Promise<ReadonlyMap<string, TopicFacts>>;
  /** Those of the rights that this user lacks, as far as the brokers tell. A topic that does not exist lacks none. */
  missingRights(needed: readonly Right[]): Promise<readonly Right[]>;
  close(): Promise<void>;
}

/** Reads a topic for no group. */
export interface TopicReader {
  /**
   * Reads a partition from an offset on (0 is the beginning, wherever that is by now), up to all that its leader has and
   * that is decided. Resolves to the offset behind it. Rejects when that cannot be had: never with less.
   */
  read(partition: number, from: number, onRecord: (key: Buffer, value: Buffer | null) => void): Promise<number>;
  close(): Promise<void>;
}

/** All that a client offers. */
export interface KafkaPort {
  member(options: GroupMemberOptions, listener: GroupListener): GroupMember;
  producer(topics: readonly string[]): Producer;
  inspector(): ClusterInspector;
  reader(topic: string): TopicReader;
}
