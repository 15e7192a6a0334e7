import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';

/** Where the group's next fetch of the partition begins. */
export function positionOf(group: ConsumerGroup, topic: string, partition: number): number {
  return Number(group.offsetManager?.nextOffset(topic, partition));
}
