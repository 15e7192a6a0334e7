import type { KafkaPort } from '../port.ts';
import { type ClientOptions, kafkaClient } from './client.ts';
import { kafkajsInspector } from './inspector.ts';
import { kafkajsMember } from './member.ts';
import { kafkajsProducer } from './producer.ts';

/** The Kafka port on kafkajs. Member and producers have connections of their own: a slow produce delays no heartbeat. */
export function kafkajsPort(options: ClientOptions): KafkaPort {
  const kafka = kafkaClient(options);
  return {
    member: (memberOptions, listener) => kafkajsMember(kafka, memberOptions, listener),
    producer: (topics) => kafkajsProducer(kafka, topics),
    inspector: () => kafkajsInspector(kafka),
  };
}
