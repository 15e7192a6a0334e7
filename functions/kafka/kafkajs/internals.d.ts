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

  interface TopicPartition {
    topic: string;
    partition: number;
  }

  class ConsumerGroup {
    cluster: Cluster;
    groupId: string;
    memberId: string | null;
    generationId: number | null;
    coordinator: GroupBroker | null;
    offsetManager: {
      coordinator: GroupBroker | null;
      committedOffsets(): { [topic: string]: { [partition: number]: string | undefined } | undefined };
      nextOffset(topic: string, partition: number): { toString(): string };
    } | null;
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    maxBytesPerPartition: number;
    isolationLevel: number;
    rackId: string;
    metadataMaxAge: number;
    logger: { error(message: string, fields: object): void };
    preferredReadReplicasPerTopicPartition: {
      [topic: string]: { [partition: number]: { nodeId: number; expireAt: number } } | undefined;
    };
    /** When the last heartbeat was answered. */
    lastRequest: number;
    joinAndSync(): Promise<void>;
    heartbeat(options: { interval: number }): Promise<void>;
    commitOffsets(offsets: object): Promise<void>;
    fetch(nodeId: string): Promise<unknown[]>;
    recoverFromFetch(error: Error & { type?: string }): Promise<void>;
    leave(): Promise<void>;
    assigned(): TopicPartitions[];
    isPaused(topic: string, partition: number): boolean;
    /** Throws when the topic has partitions that it had not when the group was joined. */
    checkForStaleAssignment(): void;
    /** Learns the committed offsets of these partitions, as far as they are not known. */
    seekOffsets(partitions: TopicPartitions[]): Promise<void>;
    /** This offset is done with: the next fetch begins after it. */
    resolveOffset(where: TopicPartition & { offset: string }): void;
    subscriptionState: { active(): TopicPartitions[] };
    filterPartitionsByNode(nodeId: string, partitions: TopicPartitions[]): TopicPartitions[];
  }
  export = ConsumerGroup;
}

declare module 'kafkajs/src/cluster/index.js' {
  import type Connection from 'kafkajs/src/network/connection.js';

  export interface GroupBroker {
    heartbeat(request: { groupId: string; memberId: string; groupGenerationId: number }): Promise<unknown>;
    offsetCommit(request: {
      groupId: string;
      memberId: string;
      groupGenerationId: number;
      topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
    }): Promise<unknown>;
  }

  export interface LeaderBroker {
    /** What the broker speaks, by API key; known once it is connected. */
    versions: { [apiKey: number]: { maxVersion: number } | undefined } | null;
    connectionPool: {
      getConnectionByRequest(request: { request: { apiKey: number } }): Promise<Connection>;
    };
    disconnect(): Promise<void>;
    /** `coordinatorType`: 0 is of groups. */
    findGroupCoordinator(request: { groupId: string; coordinatorType: 0 }): Promise<unknown>;
    initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: number; producerEpoch: number }>;
    describeConfigs(request: { resources: { type: number; name: string; configNames: string[] }[] }): Promise<{
      resources: { resourceName: string; configEntries: { configName: string; configValue: string | null }[] }[];
    }>;
  }

  export interface Cluster {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
    /** Of all topics. */
    metadata(): Promise<{ topicMetadata: { topic: string; partitionMetadata: unknown[] }[] }>;
    addMultipleTargetTopics(topics: string[]): Promise<void>;
    refreshMetadata(): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    removeBroker(address: { host: string; port: number }): void;
    getNodeIds(): string[];
    findBroker(options: { nodeId: string }): Promise<LeaderBroker>;
    findControllerBroker(): Promise<LeaderBroker>;
    /** Hides why when there is none. */
    findGroupCoordinator(options: { groupId: string }): Promise<GroupBroker & LeaderBroker>;
    findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
    fetchTopicsOffset(
      topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
    ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  }
}

declare module 'kafkajs/src/errors.js' {
  export class KafkaJSBrokerNotFound extends Error {}
  export class KafkaJSConnectionError extends Error {}
  export class KafkaJSRequestTimeoutError extends Error {}
}

declare module 'kafkajs/src/cluster/brokerPool.js' {
  interface Broker {
    /** `host:port`. */
    brokerAddress: string;
    isConnected(): boolean;
  }

  class BrokerPool {
    brokers: { [nodeId: string]: Broker };
    seedBroker: Broker;
    connect(): Promise<void>;
    findBroker(options: { nodeId: string }): Promise<Broker>;
    findConnectedBroker(): Promise<Broker>;
    /** The first answer that is no error; null when there is none. */
    withBroker<Found>(use: (found: { nodeId: string; broker: Broker }) => Promise<Found>): Promise<Found | null>;
  }
  export = BrokerPool;
}

declare module 'kafkajs/src/network/connectionPool.js' {
  import type Connection from 'kafkajs/src/network/connection.js';

  class ConnectionPool {
    pool: readonly [Connection, Connection];
    getConnection(index: number): Promise<Connection>;
    getConnectionByRequest(asked: { request: { apiKey: number } }): Promise<Connection>;
  }
  export = ConnectionPool;
}

declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net';
  import type RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

  class Connection {
    clientId: string;
    host: string;
    port: number;
    /** `host:port`. */
    broker: string;
    ssl: object | null;
    socketFactory(options: { host: string; port: number; ssl: object | null; onConnect: () => void }): Socket;
    socket: Socket;
    requestQueue: RequestQueue;
    /** Pieces of a response that is not complete, how many bytes they have, and how many it takes to go on. */
    chunks: Buffer[];
    bytesBuffered: number;
    bytesNeeded: number;
    connect(): Promise<unknown>;
    disconnect(): Promise<unknown>;
    isConnected(): boolean;
    isAuthenticated(): boolean;
    authenticate(): Promise<void>;
    failIfNotConnected(): void;
    nextCorrelationId(): number;
    processData(piece: Buffer): void;
  }
  export = Connection;
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface PushedRequest {
    entry: {
      apiKey: number;
      apiName: string;
      apiVersion: number;
      correlationId: number;
      resolve: (response: { payload: Buffer }) => void;
      reject: (error: unknown) => void;
    };
    expectResponse: boolean;
    requestTimeout: number | null;
    sendRequest: () => void;
  }

  interface SentRequest {
    sentAt: number;
    requestTimeout: number;
    timeoutRequest(): void;
  }

  class RequestQueue {
    /** `host:port`. */
    broker: string;
    inflight: Map<number, SentRequest>;
    requestTimeoutIntervalId: NodeJS.Timeout;
    isConnected(): boolean;
    push(request: PushedRequest): void;
    rejectAll(error: Error): void;
    /** Clears its timers. */
    destroy(): void;
    scheduleRequestTimeoutCheck(): void;
    maybeThrottle(throttleMs: number): void;
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
