import { type ClusterFixture, clusterInfo } from './clusters.ts';
import { ServiceError } from './server.ts';
import type { Fields } from './shapes.ts';
import { type StoredTopic, StoreRefusal, type TopicStore } from './topic-store.ts';

/** How the service behaves where its documentation leaves room, or where it takes its time. */
export interface ServiceOptions {
  readonly clusters: readonly ClusterFixture[];
  readonly topics: TopicStore;
  /** Most items of one answer. */
  readonly pageSize?: number;
  /** So many descriptions of a topic are old after each change: answers "update approximately every minute". */
  readonly staleAnswers?: number;
  /** What an old description of a topic under way says: its status, or that nothing has happened yet. */
  readonly stale?: 'status' | 'as before';
  /** Whether UpdateTopic leaves settings alone that it does not name. */
  readonly configs?: 'merge' | 'replace';
  /** Examples of the documentation have lines of `name=value`, the service in use answers JSON. */
  readonly configsFormat?: 'json' | 'properties';
  /** Cluster whose topic calls are refused as those of a cluster that has none. */
  readonly topicCalls?: 'supported' | 'unsupported';
}

interface UnderWay {
  left: number;
  readonly before: StoredTopic | undefined;
  readonly status: 'CREATING' | 'UPDATING';
}

interface Fault {
  readonly error: ServiceError;
  left: number;
}

/** The service's behaviour, and a way to make it fail. */
export interface MskService {
  readonly handle: (operation: string, input: Fields) => Promise<Fields>;
  /** The next calls of an operation fail, so many times. */
  fail(operation: string, name: string, message: string, times?: number): void;
}

const topicOperations = ['ListTopics', 'DescribeTopic', 'DescribeTopicPartitions', 'CreateTopic', 'UpdateTopic'];

export function mskService(options: ServiceOptions): MskService {
  const { clusters, topics, pageSize = 100, staleAnswers = 0 } = options;
  const faults = new Map<string, Fault>();
  const underWay = new Map<string, UnderWay>();

  const handlers: Record<string, (input: Fields) => Promise<Fields>> = {
    ListClustersV2: async ({ ClusterNameFilter = '', MaxResults, NextToken }) => {
      const named = clusters.filter(({ name }) => name.startsWith(String(ClusterNameFilter)));
      const { items, next } = page(named, MaxResults, NextToken);
      return { ClusterInfoList: items.map(clusterInfo), ...next };
    },
    DescribeClusterV2: async (input) => ({ ClusterInfo: clusterInfo(clusterOf(input)) }),
    GetBootstrapBrokers: async (input) => clusterOf(input).brokers ?? {},
    ListTopics: async ({ MaxResults, NextToken, TopicNameFilter = '' }) => {
      const seen = (await topics.list()).flatMap((topic) => seenAs(topic) ?? []);
      const named = seen.filter(({ name }) => name.startsWith(String(TopicNameFilter)));
      const { items, next } = page(named, MaxResults, NextToken);
      return { Topics: items.map((topic) => ({ ...counts(topic), OutOfSyncReplicaCount: 0 })), ...next };
    },
    DescribeTopic: async ({ TopicName }) => {
      const change = underWay.get(String(TopicName));
      const topic = await find(String(TopicName));
      if (!change) return described(topic, 'ACTIVE');
      change.left -= 1;
      if (change.left === 0) underWay.delete(String(TopicName));
      if (options.stale !== 'as before') return described(change.before ?? topic, change.status);
      if (!change.before) throw new ServiceError('NotFoundException', `Topic ${TopicName} not found`);
      return described(change.before, 'ACTIVE');
    },
    DescribeTopicPartitions: async ({ TopicName, MaxResults, NextToken }) => {
      const { leaders, replicationFactor } = await find(String(TopicName));
      const replicas = Array.from({ length: replicationFactor }, (_, broker) => broker + 1);
      const all = leaders.map((leader, partition) => ({
        Partition: partition,
        Leader: leader,
        Replicas: replicas,
        Isr: replicas,
      }));
      const { items, next } = page(all, MaxResults, NextToken);
      return { Partitions: items, ...next };
    },
    CreateTopic: async ({ TopicName, PartitionCount, ReplicationFactor, Configs }) => {
      const name = String(TopicName);
      await topics.create(name, Number(PartitionCount), Number(ReplicationFactor), decoded(Configs));
      return changed(name, undefined, 'CREATING');
    },
    UpdateTopic: async ({ TopicName, PartitionCount, Configs }) => {
      const name = String(TopicName);
      if ((PartitionCount === undefined) === (Configs === undefined)) {
        throw new ServiceError('BadRequestException', 'You must specify either configs or partitionCount to update.');
      }
      if (underWay.has(name)) throw new ServiceError('BadRequestException', `Topic ${name} is not in ACTIVE state.`);
      const before = await find(name);
      if (Configs !== undefined) await topics.setConfigs(name, decoded(Configs), options.configs ?? 'merge');
      else await topics.addPartitions(name, Number(PartitionCount));
      return changed(name, before, 'UPDATING');
    },
  };

  return {
    handle: async (operation, input) => {
      const fault = faults.get(operation);
      if (fault && fault.left > 0) {
        fault.left -= 1;
        throw fault.error;
      }
      const handler = handlers[operation];
      if (!handler) throw new Error(`the stand-in does not do ${operation}`);
      if (topicOperations.includes(operation)) checkTopicCall(input);
      return handler(input).catch((error: unknown) => {
        throw error instanceof StoreRefusal ? asServiceError(error) : error;
      });
    },
    fail: (operation, name, message, times = Number.POSITIVE_INFINITY) => {
      faults.set(operation, { error: new ServiceError(name, message), left: times });
    },
  };

  function checkTopicCall(input: Fields): void {
    const { type = 'PROVISIONED' } = clusterOf(input);
    if (options.topicCalls !== 'unsupported' && type === 'PROVISIONED') return;
    throw new ServiceError('BadRequestException', 'This operation is not supported for this cluster.');
  }

  function clusterOf({ ClusterArn }: Fields): ClusterFixture {
    const cluster = clusters.find(({ arn }) => arn === ClusterArn);
    if (cluster) return cluster;
    throw new ServiceError('NotFoundException', `Could not find cluster ${ClusterArn}`);
  }

  async function find(name: string): Promise<StoredTopic> {
    const topic = (await topics.list()).find((one) => one.name === name);
    if (topic) return topic;
    throw new ServiceError('NotFoundException', `Topic ${name} not found`);
  }

  /** A topic in a list: one that is being created is not in it yet. */
  function seenAs(topic: StoredTopic): StoredTopic | undefined {
    const change = underWay.get(topic.name);
    return change ? change.before : topic;
  }

  function changed(name: string, before: StoredTopic | undefined, status: UnderWay['status']): Fields {
    if (staleAnswers > 0) underWay.set(name, { left: staleAnswers, before, status });
    return { TopicArn: topicArn(name), TopicName: name, Status: status };
  }

  function described(topic: StoredTopic, status: string): Fields {
    return { ...counts(topic), Configs: encoded(topic.configs), Status: status };
  }

  function encoded(configs: Readonly<Record<string, string>>): string {
    const lines = Object.entries(configs).map(([name, value]) => `${name}=${value}`);
    const text = options.configsFormat === 'properties' ? lines.join('\n') : JSON.stringify(configs);
    return Buffer.from(text).toString('base64');
  }

  function page<Item>(all: readonly Item[], most: unknown, token: unknown): { items: readonly Item[]; next: Fields } {
    const start = token === undefined ? 0 : Number(Buffer.from(String(token), 'base64').toString());
    const end = start + Math.min(pageSize, Number(most ?? pageSize));
    const next = end < all.length ? { NextToken: Buffer.from(String(end)).toString('base64') } : {};
    return { items: all.slice(start, end), next };
  }
}

function counts({ name, partitions, replicationFactor }: StoredTopic): Fields {
  return {
    TopicArn: topicArn(name),
    TopicName: name,
    PartitionCount: partitions,
    ReplicationFactor: replicationFactor,
  };
}

function topicArn(name: string): string {
  return `arn:aws:kafka:eu-west-1:123456789012:topic/market/11111111-2222-3333-4444-555555555555-2/${name}`;
}

function decoded(configs: unknown): Readonly<Record<string, string>> {
  if (configs === undefined) return {};
  try {
    return JSON.parse(Buffer.from(String(configs), 'base64').toString());
  } catch {
    throw new ServiceError('BadRequestException', 'Invalid configs.', 'configs');
  }
}

/** What the service makes of a refusal by the brokers, in the names of its model. */
function asServiceError(refusal: StoreRefusal): ServiceError {
  if (refusal.reason === 'TOPIC_ALREADY_EXISTS') return new ServiceError('TopicExistsException', refusal.message);
  if (refusal.reason === 'UNKNOWN_TOPIC_OR_PARTITION') return new ServiceError('NotFoundException', refusal.message);
  return new ServiceError('BadRequestException', refusal.message);
}
