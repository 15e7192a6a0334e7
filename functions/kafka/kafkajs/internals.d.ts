/**
 * The parts of kafkajs 2.2.4 that are not public and that we rely on. kafkajs has neither a revoked callback nor a way
 * to send to one broker; both need these. The version is pinned: read DESIGN.md before changing it.
 */
declare module 'kafkajs/src/consumer/consumerGroup.js' {
  import type { Cluster, GroupBroker } from 'kafkajs/src/cluster/index.js';

  interface TopicPartitions {
    topic: string;
    partitions: number[];
  }

  export interface RawBatch {
    topic: string;
    partition: number;
    highWatermark: string;
    messages: unknown[];
  }

  class ConsumerGroup {
    cluster: Cluster;
    groupId: string;
    memberId: string | null;
    generationId: number | null;
    coordinator: GroupBroker | null;
    offsetManager: { coordinator: GroupBroker | null } | null;
    maxWaitTime: number;
    /** When the last heartbeat was answered. */
    lastRequest: number;
    joinAndSync(): Promise<void>;
    heartbeat(options: { interval: number }): Promise<void>;
    fetch(nodeId: string): Promise<RawBatch[]>;
    recoverFromFetch(error: Error & { type?: string }): Promise<void>;
    leave(): Promise<void>;
    assigned(): TopicPartitions[];
    subscriptionState: { active(): TopicPartitions[] };
    filterPartitionsByNode(nodeId: string, partitions: TopicPartitions[]): TopicPartitions[];
  }
  export = ConsumerGroup;
}

declare module 'kafkajs/src/cluster/index.js' {
  export interface GroupBroker {
    heartbeat(request: { groupId: string; memberId: string; groupGenerationId: number }): Promise<unknown>;
    offsetCommit(request: {
      groupId: string;
      memberId: string;
      groupGenerationId: number;
      topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
    }): Promise<unknown>;
  }

  export interface ProduceMessage {
    key: Buffer | null;
    value: Buffer | string | null;
    headers: Readonly<Record<string, unknown>>;
  }

  export interface LeaderBroker {
    produce(request: {
      producerId: number;
      producerEpoch: number;
      acks: number;
      timeout: number;
      compression: number;
      topicData: {
        topic: string;
        partitions: { partition: number; firstSequence: number; messages: readonly ProduceMessage[] }[];
      }[];
    }): Promise<unknown>;
    initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: number; producerEpoch: number }>;
  }

  export interface Cluster {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
    addMultipleTargetTopics(topics: string[]): Promise<void>;
    refreshMetadata(): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    removeBroker(address: { host: string; port: number }): void;
    getNodeIds(): string[];
    findBroker(options: { nodeId: string }): Promise<LeaderBroker>;
    findControllerBroker(): Promise<LeaderBroker>;
    findGroupCoordinator(options: { groupId: string }): Promise<GroupBroker>;
    findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
  }
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  class RequestQueue {
    pending: unknown[];
    throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
  }
  export = RequestQueue;
}
