import kafkajs, { type Admin } from 'kafkajs';
import { kafkaClient } from '../../../functions/kafka/kafkajs/client.ts';
import { untilKnown } from '../ledger/topics.ts';
import { heardOf } from '../topics.ts';
import { type StoredTopic, StoreRefusal, type TopicStore } from './topic-store.ts';

// Node finds only some of this CommonJS package's exports by name.
const { ConfigResourceTypes, KafkaJSAggregateError, KafkaJSProtocolError } = kafkajs;

/** Topics on real brokers: what the service is told to do is done, and refused, by Kafka itself. */
export async function kafkaTopics(
  bootstrapServers: readonly string[],
  mine: (name: string) => boolean,
): Promise<TopicStore & { close(): Promise<void> }> {
  const admin = kafkaClient({ brokers: bootstrapServers, clientId: 'msk-stand-in' }).admin();
  await admin.connect();
  return {
    list: () => listed(admin, mine),
    create: async (name, partitions, replicationFactor, own) => {
      const configEntries = Object.entries(own).map(([key, value]) => ({ name: key, value }));
      const topic = { topic: name, numPartitions: partitions, replicationFactor, configEntries };
      await refusing(() => admin.createTopics({ waitForLeaders: false, topics: [topic] }));
      await untilKnown(bootstrapServers, [name]);
    },
    // AlterConfigs, the only one that kafkajs has, takes the whole of a topic's own settings.
    setConfigs: (name, own, how) =>
      refusing(async () => {
        const kept = how === 'merge' ? await ownConfigs(admin, name) : {};
        const configEntries = Object.entries({ ...kept, ...own }).map(([key, value]) => ({ name: key, value }));
        const resources = [{ type: ConfigResourceTypes.TOPIC, name, configEntries }];
        await admin.alterConfigs({ validateOnly: false, resources });
      }),
    addPartitions: (name, count) =>
      refusing(() => admin.createPartitions({ topicPartitions: [{ topic: name, count }] })),
    close: () => admin.disconnect(),
  };
}

async function listed(admin: Admin, mine: (name: string) => boolean): Promise<readonly StoredTopic[]> {
  const names = (await admin.listTopics()).filter(mine).sort();
  if (names.length === 0) return [];
  const { topics } = await heardOf(() => admin.fetchTopicMetadata({ topics: names }));
  const configs = await describedConfigs(admin, names);
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.length,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    configs: Object.fromEntries((configs.get(name) ?? []).map(({ name: key, value }) => [key, value])),
    leaders: partitions.toSorted((a, b) => a.partitionId - b.partitionId).map(({ leader }) => leader),
  }));
}

interface Entry {
  readonly name: string;
  readonly value: string;
  readonly own: boolean;
}

const topicConfigSource = 1;

async function describedConfigs(admin: Admin, names: readonly string[]): Promise<ReadonlyMap<string, Entry[]>> {
  const topics = names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name }));
  const { resources } = await heardOf(() => admin.describeConfigs({ includeSynonyms: false, resources: topics }));
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      configEntries
        .filter(({ configValue }) => configValue !== null)
        .map(({ configName: name, configValue: value, configSource }) => ({
          ...{ name, value },
          own: Number(configSource) === topicConfigSource,
        })),
    ]),
  );
}

async function ownConfigs(admin: Admin, topic: string): Promise<Record<string, string>> {
  const entries = (await describedConfigs(admin, [topic])).get(topic) ?? [];
  return Object.fromEntries(entries.filter(({ own }) => own).map(({ name, value }) => [name, value]));
}

async function refusing(change: () => Promise<unknown>): Promise<void> {
  try {
    const done = await change();
    if (done === false) throw new StoreRefusal('TOPIC_ALREADY_EXISTS');
  } catch (error) {
    const cause = error instanceof KafkaJSAggregateError ? error.errors[0] : error;
    throw cause instanceof KafkaJSProtocolError ? new StoreRefusal(cause.type, cause.message) : error;
  }
}
