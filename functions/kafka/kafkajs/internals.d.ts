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
    maxBytesPerPartition: number;
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

  /** A request that we encode ourselves: kafkajs adds the header, sends it and matches the response. */
  export interface RawRequest<Response extends { clientSideThrottleTime: number }> {
    request: {
      apiKey: number;
      apiVersion: number;
      apiName: string;
      expectResponse: () => boolean;
      /** Anything with the fields of kafkajs' Encoder. */
      encode: () => Promise<{ buf: Buffer; buffer: Buffer }>;
    };
    response: {
      decode: (payload: Buffer) => Promise<Response>;
      parse: (response: Response) => Promise<Response>;
    };
  }

  export interface LeaderBroker {
    connectionPool: {
      send<Response extends { clientSideThrottleTime: number }>(request: RawRequest<Response>): Promise<Response>;
    };
    disconnect(): Promise<void>;
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

declare module 'kafkajs/src/protocol/error.js' {
  export function createErrorFromCode(code: number): Error & { type: string; retriable: boolean };
}

declare module 'kafkajs/src/protocol/encoder.js' {
  class Encoder {
    buf: Buffer;
    offset: number;
    ensureAvailable(length: number): void;
  }
  export = Encoder;
}
