import type { KafkaPort } from '../../../functions/kafka/port.ts';

/**
 * A cluster that has every topic and stores what it is sent as lines, `topic/partition key: value`. It stands in for a
 * broker that is well; what happens when one is not, the tests on real brokers show.
 */
export function memoryKafka(): { readonly kafka: KafkaPort; readonly stored: readonly string[] } {
  const stored: string[] = [];
  const kafka: KafkaPort = {
    reader: () => {
      throw new Error('no keys are parked');
    },
    member: () => {
      throw new Error('an event source needs no member of a group');
    },
    producer: () => ({
      connect: async () => undefined,
      leaderOf: () => 1,
      refreshLeaders: async () => undefined,
      async send(batches) {
        for (const { topic, partition, records } of batches) {
          stored.push(...records.map(({ key, value }) => `${topic}/${partition} ${key}: ${value}`));
        }
        return batches.map(() => undefined);
      },
      close: async () => undefined,
    }),
    inspector: () => ({
      topicFacts: async (topics) =>
        new Map(topics.map((topic) => [topic, { topic, partitions: 12, maxMessageBytes: 1_048_576 }])),
      missingRights: async () => [],
      close: async () => undefined,
    }),
  };
  return { kafka, stored };
}
