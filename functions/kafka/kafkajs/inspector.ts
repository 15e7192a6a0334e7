import kafkajs, { type Kafka } from 'kafkajs';
import type { ClusterInspector, TopicFacts } from '../port.ts';

// Node finds only some of this CommonJS package's exports by name.
const { ConfigResourceTypes } = kafkajs;

const brokerDefaultMaxBytes = 1_048_588;

/** Answers the host's questions before it starts. */
export function kafkajsInspector(kafka: Kafka): ClusterInspector {
  const admin = kafka.admin();
  let connected = false;

  return {
    async topicFacts(topics) {
      if (!connected) await admin.connect();
      connected = true;
      // The list first: to ask for the metadata of a missing topic creates it where brokers are set to.
      const existing = new Set(await admin.listTopics());
      const wanted = topics.filter((topic) => existing.has(topic));
      const facts = new Map<string, TopicFacts>();
      if (wanted.length === 0) return facts;
      const { topics: metadata } = await admin.fetchTopicMetadata({ topics: wanted });
      const limits = await maxMessageBytes(wanted);
      for (const { name, partitions } of metadata) {
        const limit = limits.get(name) ?? brokerDefaultMaxBytes;
        facts.set(name, { topic: name, partitions: partitions.length, maxMessageBytes: limit });
      }
      return facts;
    },
    async close() {
      if (connected) await admin.disconnect();
    },
  };

  /** Reading configs is a right of its own: without it, the broker's default is assumed. */
  async function maxMessageBytes(topics: readonly string[]): Promise<Map<string, number>> {
    const limits = new Map<string, number>();
    try {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: topics.map((name) => ({
          type: ConfigResourceTypes.TOPIC,
          name,
          configNames: ['max.message.bytes'],
        })),
      });
      for (const { resourceName, configEntries } of resources) {
        const bytes = Number(configEntries.find((entry) => entry.configName === 'max.message.bytes')?.configValue);
        if (bytes > 0) limits.set(resourceName, bytes);
      }
    } catch {
      return limits;
    }
    return limits;
  }
}
