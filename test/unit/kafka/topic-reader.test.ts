import type { Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { kafkajsReader } from '../../../functions/kafka/kafkajs/reader.ts';

/** Connections whose questions after the ends of partitions are answered by hand. */
function fakeKafka() {
  const clusters: { asked: Map<number, PromiseWithResolvers<string>>; disconnected: boolean }[] = [];
  const createCluster = () => {
    const made = { asked: new Map<number, PromiseWithResolvers<string>>(), disconnected: false };
    clusters.push(made);
    return {
      connect: async () => undefined,
      addMultipleTargetTopics: async () => undefined,
      refreshMetadataIfNecessary: async () => undefined,
      fetchTopicsOffset: async ([{ partitions }]: [{ partitions: [{ partition: number }] }]) => {
        const answer = Promise.withResolvers<string>();
        made.asked.set(partitions[0].partition, answer);
        return [{ partitions: [{ offset: await answer.promise }] }];
      },
      disconnect: async () => {
        made.disconnected = true;
      },
    };
  };
  const kafka = { [Symbol('private:Kafka:createCluster')]: createCluster } as unknown as Kafka; // no more is used
  return { kafka, clusters };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a reading that fails late leaves the connections alone that were made since', async () => {
  const { kafka, clusters } = fakeKafka();
  const reader = kafkajsReader(kafka, 'in.dlq.parked');
  const read = (partition: number) => reader.read(partition, 0, () => undefined).catch((error: unknown) => error);
  const [first, second] = [read(0), read(1)];
  await settled();
  clusters[0]?.asked.get(0)?.reject(new Error('gone'));
  expect(await first).toEqual(new Error('gone'));
  const third = read(2);
  await settled();
  clusters[0]?.asked.get(1)?.reject(new Error('gone, too'));
  expect(await second).toEqual(new Error('gone, too'));
  expect(clusters.map(({ disconnected }) => disconnected)).toEqual([true, false]);
  clusters[1]?.asked.get(2)?.resolve('0');
  expect(await third).toBe(0);
  await reader.close();
  expect(clusters.map(({ disconnected }) => disconnected)).toEqual([true, true]);
});
