import type { Kafka } from 'kafkajs';
import type { Cluster } from 'kafkajs/src/cluster/index.js';

/** kafkajs keeps the factory of its clusters under a symbol. Its public producer cannot send to one broker only. */
export function createCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find((one) => one.description?.includes('createCluster'));
  const factory: unknown = symbol && Reflect.get(kafka, symbol);
  if (typeof factory !== 'function') throw new Error('This kafkajs has no createCluster: version 2.2.4 is expected.');
  return factory({ metadataMaxAge: 60_000, allowAutoTopicCreation: false });
}
