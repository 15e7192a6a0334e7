/**
 * The parts of kafkajs 2.2.4 that commands need and that are not public: requests to one given broker, with answers as
 * they came. The public client throws away the whole answer when one partition in it has no leader, which is just what
 * the doctor is asked about. The version is pinned.
 */
declare module 'kafkajs/src/protocol/requests/index.js' {
  export interface Message<Answer> {
    readonly request: unknown;
    readonly response: { decode(raw: Buffer): Promise<Answer> };
  }
  export interface Api<Arguments, Answer> {
    protocol(choice: { version: number }): (args: Arguments) => Message<Answer>;
  }
  export interface MetadataAnswer {
    readonly brokers: readonly { nodeId: number; host: string; port: number }[];
    readonly clusterId: string | null;
    readonly controllerId: number;
    readonly topicMetadata: readonly {
      topicErrorCode: number;
      topic: string;
      /** The brokers' own, such as `__consumer_offsets`. */
      isInternal: boolean;
      partitionMetadata: readonly { partitionId: number; leader: number; replicas: number[]; isr: number[] }[];
    }[];
  }
  export interface FetchedRecord {
    readonly offset: string;
    readonly timestamp: string;
    readonly key: Buffer | null;
    readonly headers: Readonly<Record<string, Buffer | Buffer[] | null | undefined>>;
    readonly isControlRecord: boolean;
  }
  export type ByPartition<Partition> = readonly { topic: string; partitions: Partition[] }[];
  interface AclResource {
    readonly resourceType: number;
    readonly resourceName: string;
    readonly resourcePatternType: number;
  }
  interface AclHolder {
    readonly principal: string;
    readonly host: string;
    readonly operation: number;
    readonly permissionType: number;
  }
  /** What one user may, or may not, do with one thing. */
  export type AclEntry = AclResource & AclHolder;
  export interface Requests {
    readonly Metadata: Api<{ topics: string[]; allowAutoTopicCreation: false }, MetadataAnswer>;
    readonly DescribeConfigs: Api<
      { resources: { type: number; name: string; configNames: string[] }[]; includeSynonyms: false },
      {
        readonly resources: readonly {
          errorCode: number;
          errorMessage: string | null;
          resourceName: string;
          configEntries: readonly { configName: string; configValue: string | null; configSource: number }[];
        }[];
      }
    >;
    readonly CreateTopics: Api<
      {
        topics: {
          topic: string;
          numPartitions: number;
          replicationFactor: number;
          configEntries: { name: string; value: string }[];
        }[];
        validateOnly: false;
        timeout: number;
      },
      { readonly topicErrors: readonly { topic: string; errorCode: number; errorMessage: string | null }[] }
    >;
    readonly CreatePartitions: Api<
      { topicPartitions: { topic: string; count: number }[]; validateOnly: false; timeout: number },
      { readonly topicErrors: readonly { topic: string; errorCode: number; errorMessage: string | null }[] }
    >;
    readonly DescribeAcls: Api<
      {
        resourceType: number;
        resourceName: null;
        resourcePatternType: number;
        principal: null;
        host: null;
        operation: number;
        permissionType: number;
      },
      {
        readonly errorCode: number;
        readonly errorMessage: string | null;
        readonly resources: readonly (AclResource & { readonly acls: readonly AclHolder[] })[];
      }
    >;
    readonly CreateAcls: Api<
      { creations: AclEntry[] },
      { readonly creationResponses: readonly { errorCode: number; errorMessage: string | null }[] }
    >;
    readonly ListOffsets: Api<
      {
        replicaId: -1;
        /** 1 is read committed: the end is where the first transaction begins that is still open. */
        isolationLevel: 0 | 1;
        topics: ByPartition<{ partition: number; timestamp: number }>;
      },
      { readonly responses: ByPartition<{ partition: number; errorCode: number; offset: string }> }
    >;
    readonly Fetch: Api<
      {
        maxWaitTime: number;
        minBytes: number;
        maxBytes: number;
        rackId: string;
        topics: ByPartition<{ partition: number; fetchOffset: string; maxBytes: number }>;
      },
      {
        readonly responses: readonly {
          topicName: string;
          partitions: readonly { partition: number; errorCode: number; messages: FetchedRecord[] }[];
        }[];
      }
    >;
    readonly GroupCoordinator: Api<
      /** 1: of a transactional id, in place of a group's. */
      { groupId: string; coordinatorType?: 0 | 1 },
      { readonly errorCode: number; readonly coordinator: { nodeId: number; host: string; port: number } }
    >;
    readonly DescribeGroups: Api<
      { groupIds: string[] },
      {
        readonly groups: readonly {
          errorCode: number;
          state: string;
          protocolType: string;
          protocol: string;
          members: readonly {
            memberId: string;
            clientId: string;
            clientHost: string;
            memberMetadata: Buffer;
            memberAssignment: Buffer;
          }[];
        }[];
      }
    >;
    readonly LeaveGroup: Api<{ groupId: string; memberId: string }, { readonly errorCode: number }>;
    readonly ListGroups: Api<
      Record<string, never>,
      { readonly errorCode: number; readonly groups: readonly { groupId: string; protocolType: string }[] }
    >;
    readonly OffsetFetch: Api<
      { groupId: string; topics: ByPartition<{ partition: number }> },
      {
        readonly errorCode?: number;
        readonly responses: ByPartition<{ partition: number; offset: string; metadata: string; errorCode: number }>;
      }
    >;
    readonly OffsetCommit: Api<
      {
        groupId: string;
        groupGenerationId: number;
        memberId: string;
        topics: ByPartition<{ partition: number; offset: string; metadata?: string }>;
      },
      { readonly responses: ByPartition<{ partition: number; errorCode: number }> }
    >;
    readonly InitProducerId: Api<
      { transactionalId?: string | null; transactionTimeout: number },
      { readonly errorCode: number; readonly producerId: string; readonly producerEpoch: number }
    >;
    readonly AddPartitionsToTxn: Api<
      {
        transactionalId: string;
        producerId: string;
        producerEpoch: number;
        topics: { topic: string; partitions: number[] }[];
      },
      { readonly errors: readonly { topic: string; partitionErrors: { partition: number; errorCode: number }[] }[] }
    >;
    readonly EndTxn: Api<
      { transactionalId: string; producerId: string; producerEpoch: number; transactionResult: boolean },
      { readonly errorCode: number }
    >;
  }
  export const requests: Requests;
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  type Name = 'Metadata' | 'DescribeConfigs' | 'ListOffsets' | 'Fetch' | 'OffsetFetch';
  type GroupName =
    | 'GroupCoordinator'
    | 'DescribeGroups'
    | 'LeaveGroup'
    | 'ListGroups'
    | 'OffsetCommit'
    | 'InitProducerId';
  type TopicName = 'CreateTopics' | 'CreatePartitions' | 'DescribeAcls' | 'CreateAcls';
  type TransactionName = 'AddPartitionsToTxn' | 'EndTxn';
  const apiKeys: Readonly<Record<Name | GroupName | TopicName | TransactionName, number>>;
  export = apiKeys;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  class Encoder {
    writeInt8(value: number): Encoder;
    /** As it is, with no length in front. */
    writeBufferInternal(bytes: Buffer): void;
    writeString(value: string): Encoder;
    writeBoolean(value: boolean): Encoder;
    writeArray(items: readonly (Encoder | number)[]): Encoder;
  }
  export = Encoder;
}

declare module 'kafkajs/src/protocol/decoder.js' {
  class Decoder {
    constructor(raw: Buffer);
    readInt8(): number;
    readInt16(): number;
    readInt32(): number;
    readString(): string | null;
    readArray<Item>(read: (decoder: Decoder) => Item): Item[];
  }
  export = Decoder;
}

declare module 'kafkajs/src/protocol/error.js' {
  export function createErrorFromCode(code: number): Error & { readonly type: string };
}
