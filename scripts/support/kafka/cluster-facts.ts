import { type BrokerConnection, errorName } from './broker.ts';
import type { Connections } from './connections.ts';
import { type Trouble, troubleOf } from './trouble.ts';

/** One broker, as far as the cluster or this machine knows it. */
export interface BrokerFacts {
  readonly nodeId: number;
  /** Where the cluster says it is; undefined when the cluster does not list it now. */
  readonly address: string | undefined;
  readonly answeredInMs?: number;
  /** Why it does not answer, when it does not. */
  readonly trouble?: Trouble;
}

export interface PartitionFacts {
  readonly partition: number;
  /** -1 while there is none. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

export interface TopicFacts {
  readonly name: string;
  /** Kafka's name of why there is no more to say, such as `UNKNOWN_TOPIC_OR_PARTITION`. */
  readonly error?: string | undefined;
  readonly partitions: readonly PartitionFacts[];
  /** Undefined when they may not be read. */
  readonly configs: Readonly<Record<string, string>> | undefined;
}

export interface ClusterFacts {
  readonly bootstrap: readonly { readonly address: string; readonly trouble?: Trouble }[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly brokers: readonly BrokerFacts[];
  readonly topics: readonly TopicFacts[];
}

/** What was found, and the connections to the brokers that answer, by node id. */
export interface OpenedCluster {
  readonly facts: ClusterFacts;
  readonly nodes: ReadonlyMap<number, BrokerConnection>;
}

const topicResource = 2;

/** Why nothing could be asked: every bootstrap broker with its trouble. */
export class UnreachableError extends Error {
  readonly attempts: readonly { readonly address: string; readonly trouble: Trouble }[];

  constructor(attempts: readonly { address: string; trouble: Trouble }[]) {
    super('no bootstrap broker answers');
    this.attempts = attempts;
  }
}

/**
 * Looks at the brokers and the given topics.
 * @throws UnreachableError when no bootstrap broker answers.
 */
export async function openClusterFacts(
  connections: Connections,
  bootstrapServers: readonly string[],
  topics: readonly string[],
): Promise<OpenedCluster> {
  const attempts = await connections.attempt(bootstrapServers);
  const bootstrap = attempts.map(({ address, connection, error }) =>
    connection ? { address } : { address, trouble: troubleOf(error) },
  );
  const first = attempts.find(({ connection }) => connection)?.connection;
  if (!first)
    throw new UnreachableError(attempts.map(({ address, error }) => ({ address, trouble: troubleOf(error) })));

  const metadata = await first.ask('Metadata', { topics: [...topics], allowAutoTopicCreation: false });
  const listed = metadata.brokers.map(({ nodeId, host, port }) => ({ nodeId, address: addressOf(host, port) }));
  const tried = await connections.attempt(listed.map(({ address }) => address));
  const nodes = new Map<number, BrokerConnection>();
  const brokers = listed.map(({ nodeId, address }, index): BrokerFacts => {
    const attempt = tried[index];
    if (!attempt?.connection) return { nodeId, address, trouble: troubleOf(attempt?.error) };
    nodes.set(nodeId, attempt.connection);
    return { nodeId, address, answeredInMs: attempt.connection.answeredInMs };
  });

  const found = metadata.topicMetadata.map(({ topic, topicErrorCode, partitionMetadata }) => ({
    name: topic,
    error: errorName(topicErrorCode),
    partitions: partitionMetadata
      .map(({ partitionId, leader, replicas, isr }) => ({ partition: partitionId, leader, replicas, inSync: isr }))
      .sort((a, b) => a.partition - b.partition),
  }));
  found.sort((a, b) => topics.indexOf(a.name) - topics.indexOf(b.name));
  const unlisted = new Set(found.flatMap(({ partitions }) => partitions.flatMap(({ replicas }) => replicas)));
  for (const { nodeId } of listed) unlisted.delete(nodeId);
  const existing = found.filter(({ error }) => error === undefined).map(({ name }) => name);
  const configs = await readConfigs(nodes.values().next().value ?? first, existing);
  return {
    nodes,
    facts: {
      bootstrap,
      clusterId: metadata.clusterId,
      controllerId: metadata.controllerId,
      brokers: [...brokers, ...[...unlisted].map((nodeId) => ({ nodeId, address: undefined }))].sort(
        (a, b) => a.nodeId - b.nodeId,
      ),
      topics: found.map((topic) => ({ ...topic, configs: configs.get(topic.name) })),
    },
  };
}

function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** To read configs is a right of its own: a topic without an entry is one whose configs may not be read. */
async function readConfigs(
  broker: BrokerConnection,
  topics: readonly string[],
): Promise<Map<string, Record<string, string>>> {
  const byTopic = new Map<string, Record<string, string>>();
  if (topics.length === 0) return byTopic;
  const configNames = [
    'cleanup.policy',
    'min.insync.replicas',
    'retention.ms',
    'max.message.bytes',
    'compression.type',
  ];
  const resources = topics.map((name) => ({ type: topicResource, name, configNames }));
  const answer = await broker.ask('DescribeConfigs', { resources, includeSynonyms: false });
  for (const { errorCode, resourceName, configEntries } of answer.resources) {
    if (errorCode !== 0) continue;
    const entries = configEntries.map(({ configName, configValue }) => [configName, configValue ?? ''] as const);
    byTopic.set(resourceName, Object.fromEntries(entries));
  }
  return byTopic;
}
