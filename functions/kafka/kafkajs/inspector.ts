import type { Kafka } from 'kafkajs';
import type { ClusterInspector, TopicFacts } from '../port.ts';
import { createCluster } from './cluster.ts';
import { isUnauthorized } from './failures.ts';
import { missingRights } from './missing-rights.ts';

const topicResource = 2;
const maxMessageBytesName = 'max.message.bytes';
const compressionName = 'compression.type';
const cleanupName = 'cleanup.policy';
const configNames = [maxMessageBytesName, compressionName, cleanupName];
const brokerDefaultMaxBytes = 1_048_588;

/** Answers the host's questions before it starts, without kafkajs' admin client: two requests are not worth its size. */
export function kafkajsInspector(kafka: Kafka): ClusterInspector {
  const cluster = createCluster(kafka);

  return {
    async topicFacts(topics) {
      if (!cluster.isConnected()) await cluster.connect();
      // Of all topics: to ask for the metadata of a missing one creates it where brokers are set to.
      const { topicMetadata } = await cluster.metadata();
      const wanted = topicMetadata.filter(({ topic }) => topics.includes(topic));
      const facts = new Map<string, TopicFacts>();
      if (wanted.length === 0) return facts;
      const configs = await topicConfigs(wanted.map(({ topic }) => topic));
      for (const { topic, partitionMetadata } of wanted) {
        const { maxMessageBytes = brokerDefaultMaxBytes, ...rest } = configs.get(topic) ?? {};
        facts.set(topic, { topic, partitions: partitionMetadata.length, maxMessageBytes, ...rest });
      }
      return facts;
    },
    async missingRights(needed) {
      if (!cluster.isConnected()) await cluster.connect();
      await cluster.metadata(); // for where its brokers are
      return missingRights(cluster, needed);
    },
    close: () => cluster.disconnect(),
  };

  /** Reading configs is a right of its own: without it, the broker's defaults are assumed. */
  async function topicConfigs(topics: readonly string[]): Promise<Map<string, Partial<TopicFacts>>> {
    const configs = new Map<string, Partial<TopicFacts>>();
    try {
      const broker = await cluster.findControllerBroker();
      const { resources } = await broker.describeConfigs({
        resources: topics.map((name) => ({ type: topicResource, name, configNames })),
      });
      for (const { resourceName, configEntries } of resources) {
        const values = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
        const bytes = Number(values.get(maxMessageBytesName));
        const codec = values.get(compressionName);
        const cleanup = values.get(cleanupName);
        configs.set(resourceName, {
          ...(bytes > 0 ? { maxMessageBytes: bytes } : {}),
          ...(codec === 'gzip' || codec === 'zstd' ? { compression: codec } : {}),
          ...(cleanup ? { cleanup } : {}),
        });
      }
    } catch (error) {
      // Anything else is asked again: a limit that is guessed too low makes dead letters of good outputs.
      if (!isUnauthorized(error)) throw error;
    }
    return configs;
  }
}
