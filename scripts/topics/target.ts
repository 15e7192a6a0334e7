import type { TopicDeclaration } from '../../infra/topics.ts';
import type { LiveRights, Right } from '../support/kafka/acls.ts';
import type { Security } from '../support/kafka/broker.ts';

/** A topic as a cluster has it. */
export interface LiveTopic {
  readonly name: string;
  readonly partitions: number;
  /** The least of its partitions: a reassignment under way shows more on some. */
  readonly replicationFactor: number;
  /**
   * Of a topic that is declared, the values in force of the settings that its declaration names, the cluster's own
   * defaults included as far as the target tells them. A setting that is not here differs from every declaration.
   */
  readonly configs: ReadonlyMap<string, string>;
}

/** How to speak Kafka's own protocol to the brokers of a target. */
export interface KafkaAccess {
  readonly bootstrapServers: readonly string[];
  readonly security: Security;
}

/**
 * A cluster whose topics are declared. Each call either does what it says or rejects with a CommandError that says in
 * one sentence what was refused (the call and the topic, the right that is missing) and what to do; `describe` changes nothing.
 */
export interface TopicsTarget {
  /** For the report: `the local cluster (127.0.0.1:9092)`. */
  readonly description: string;
  /** For what only the protocol tells: records and groups. Undefined where brokers cannot be reached from here. */
  readonly kafka: KafkaAccess | undefined;
  /** Why there is no way to the brokers, where that is known. */
  readonly kafkaTrouble?: string | undefined;
  /** All topics of the cluster but its internal ones, in order of name. */
  describe(): Promise<readonly LiveTopic[]>;
  /** Creates a topic, with its settings. Says `existed`, and changes nothing, when somebody else was quicker. */
  create(topic: TopicDeclaration): Promise<'created' | 'existed'>;
  /** Changes the settings that are named, and no other. */
  setConfigs(name: string, changes: ReadonlyMap<string, string>): Promise<void>;
  /** Makes partitions so that there are `count` in all. */
  addPartitions(name: string, count: number): Promise<void>;
  /** The rights of all users. Undefined where everybody may do everything, or rights are none of Kafka's (IAM). */
  rights(): Promise<LiveRights | undefined>;
  grant(rights: readonly Right[]): Promise<void>;
  /** Resolves when every partition of these topics has a leader and can be written; rejects when that takes too long. */
  waitUntilReady(names: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Where the topics are: the cluster of `.local/`, one that the settings name, or one of MSK. */
export type TargetKind = 'local' | 'kafka' | 'msk';

/** What it takes to open a target. */
export interface TargetOptions {
  readonly kind: TargetKind;
  /** `msk`: the cluster's ARN, or its name. */
  readonly cluster?: string | undefined;
  /** `msk`: goes before the region of the environment. A cluster's ARN has one already. */
  readonly region?: string | undefined;
  /** `msk`: which of the cluster's ways to its brokers to take: private, public, vpc-connectivity or ipv6. */
  readonly brokersVia?: string | undefined;
  /** `kafka`: goes before KAFKA_BOOTSTRAP_SERVERS. `msk`: goes before the brokers that the service names. */
  readonly bootstrapServers?: string | undefined;
  /** The settings of functions/runtime/settings.ts, as environment variables. */
  readonly environment: NodeJS.ProcessEnv;
  /** What will be compared: its settings are read, and it is found out why one of its topics is not listed. */
  readonly declared: readonly TopicDeclaration[];
}

/** Opens one kind of target. Rejects with a CommandError when the cluster cannot be reached, or not by this user. */
export type OpenTarget = (options: TargetOptions) => Promise<TopicsTarget>;
