import type { ClusterInspector, KafkaPort } from '../port.ts';
import { type ClientOptions, kafkaClient } from './client.ts';
import { kafkajsInspector } from './inspector.ts';
import { kafkajsMember } from './member.ts';
import { kafkajsProducer } from './producer.ts';
import { kafkajsReader } from './reader.ts';

/** The Kafka port on kafkajs. Member and producers have connections of their own: a slow produce delays no heartbeat. */
export function kafkajsPort(options: ClientOptions): KafkaPort {
  const kafka = kafkaClient(options);
  return {
    member: (memberOptions, listener) => kafkajsMember(kafka, memberOptions, listener),
    producer: (topics) => kafkajsProducer(kafka, topics),
    reader: (topic) => kafkajsReader(kafka, topic),
    inspector: () => freshInspector(() => kafkajsInspector(kafka)),
  };
}

/**
 * Asks each question on connections of its own: kafkajs stays with a broker that takes connections and says nothing, and a
 * question that nobody waits for any more closes what it opened whenever it ends.
 */
function freshInspector(make: () => ClusterInspector): ClusterInspector {
  async function ask<Answer>(question: (inspector: ClusterInspector) => Promise<Answer>): Promise<Answer> {
    const inspector = make();
    try {
      return await question(inspector);
    } finally {
      inspector.close().catch(() => undefined);
    }
  }
  return {
    topicFacts: (topics) => ask((inspector) => inspector.topicFacts(topics)),
    missingRights: (needed) => ask((inspector) => inspector.missingRights(needed)),
    close: async () => undefined,
  };
}
