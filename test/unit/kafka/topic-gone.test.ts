import type { Cluster } from 'kafkajs/src/cluster/index.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import { expect, test } from 'vitest';
import { type GroupHooks, hookGroup } from '../../../functions/kafka/kafkajs/group-hooks.ts';

/** A member that hears this from the broker it fetches from, and then goes on; there are no brokers for its join. */
async function hear(code: number): Promise<string[]> {
  const events: string[] = [];
  const cluster = {
    refreshMetadata: async () => void events.push('metadata'),
    refreshMetadataIfNecessary: async () => {
      events.push('fetch');
      throw createErrorFromCode(6);
    },
  } as unknown as Cluster;
  const group: ConsumerGroup = Object.create(ConsumerGroup.prototype);
  Object.assign(group, { cluster, generationId: 3, memberId: 'm' });
  hookGroup(cluster, {
    ...{ topic: 'in', heartbeatIntervalMs: 1_000, outOfRange: 'stop', leaving: false },
    lost: (reason) => void events.push(`lost: ${reason}`),
    revoked: async () => void events.push('drains'),
  } as GroupHooks);
  await group.recoverFromFetch(createErrorFromCode(code));
  await group.fetch('1').catch(() => void events.push('joins'));
  return events;
}

test('a topic that was deleted is lost, and joined anew: what is there under its name has other records', async () => {
  expect(await hear(3)).toEqual(['lost: the topic was deleted', 'metadata', 'drains', 'joins']);
});

test('a leader that moved costs nothing', async () => {
  expect(await hear(6)).toEqual(['metadata', 'fetch', 'metadata']);
});
