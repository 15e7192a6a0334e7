import { expect, test } from 'vitest';
import { checkCluster, neededRights } from '../../../functions/hosts/shared/preflight.ts';
import type { TopicFacts } from '../../../functions/kafka/port.ts';

const parking = {
  name: 'f',
  source: 'in',
  deadLetters: 'in.dlq',
  order: 'key',
  park: true,
  handle: () => null,
} as const;

function check(definition: Parameters<typeof checkCluster>[1], parked: Partial<TopicFacts>) {
  const facts = ['in', 'in.dlq', 'in.dlq.parked'].map((topic): [string, TopicFacts] => [
    topic,
    { topic, partitions: 4, maxMessageBytes: 1_000, ...(topic.endsWith('.parked') ? parked : {}) },
  ]);
  const inspector = {
    topicFacts: async () => new Map(facts),
    missingRights: async () => [],
    close: async () => undefined,
  };
  return checkCluster(inspector, definition, neededRights(definition, 'g'), ['b:1'], 100);
}

test('a function that parks keys needs its topic: compacted, with as many partitions, readable and writable', async () => {
  expect((await check(parking, { cleanup: 'compact' })).parked).toMatchObject({ topic: 'in.dlq.parked' });
  await expect(check(parking, { cleanup: 'compact,delete' })).rejects.toThrow('would forget keys: set it to compact');
  await expect(check(parking, { partitions: 2 })).rejects.toThrow('Topic in.dlq.parked has 2 partitions');
  const rights = neededRights(parking, 'g').filter(({ name }) => name === 'in.dlq.parked');
  expect(rights.map(({ operation }) => operation)).toEqual(['Read', 'Write']);
});

test('who cannot park is refused, and who does not ask needs nothing', async () => {
  await expect(check({ ...parking, order: 'partition' }, {})).rejects.toThrow("takes order: 'key' and handle");
  const { park, ...plain } = parking;
  expect((await check(plain, { partitions: 2 })).parked).toBeUndefined();
  expect(neededRights(plain, 'g').map(({ name }) => name)).not.toContain('in.dlq.parked');
});
