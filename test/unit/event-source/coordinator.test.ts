import type { Cluster } from 'kafkajs/src/cluster/index.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import { expect, test } from 'vitest';
import { followCoordinator } from '../../../scripts/event-source/coordinator.ts';

/** A member whose coordinator, broker 1, is not it any more: that is broker 2. */
function member(code: number) {
  const asked: string[] = [];
  const refuse = async (): Promise<never> => {
    throw createErrorFromCode(code);
  };
  const broker = (id: number) => ({ heartbeat: refuse, id });
  const cluster = {
    refreshMetadata: async () => void asked.push('leaders'),
    findGroupCoordinator: async () => {
      asked.push('coordinator');
      return broker(2);
    },
  };
  const instrumentationEmitter = { emit: () => undefined };
  // Its public type takes nothing.
  const group: ConsumerGroup = Reflect.construct(ConsumerGroup, [
    {
      ...{ cluster, groupId: 'g', topics: ['in'], topicConfigurations: {}, instrumentationEmitter },
      ...{ logger: { namespace: () => ({}) }, retry: {}, assigners: [], metadataMaxAge: 1 },
    },
  ]);
  const offsetManager = { coordinator: broker(1), commitOffsets: refuse };
  Object.assign(group, { offsetManager, coordinator: broker(1), memberId: 'm', generationId: 3, lastRequest: 0 });
  return { group, asked, cluster: cluster as unknown as Cluster };
}

test.each([
  ['NOT_COORDINATOR_FOR_GROUP', 16],
  ['GROUP_LOAD_IN_PROGRESS', 14],
])(
  '%s: the coordinator is looked up, by a heartbeat that goes on and by a commit that is tried again',
  async (_name, code) => {
    for (const use of [
      (group: ConsumerGroup) => group.heartbeat({ interval: 1 }),
      (group: ConsumerGroup) => expect(group.commitOffsets({})).rejects.toMatchObject({ code }),
    ]) {
      const { group, asked, cluster } = member(code);
      followCoordinator(cluster);
      await use(group);
      expect(asked).toEqual(['leaders', 'coordinator']);
      expect([group.coordinator, group.offsetManager?.coordinator]).toMatchObject([{ id: 2 }, { id: 2 }]);
    }
  },
);

test('what says that the member is none is left to kafkajs, which joins again', async () => {
  const { group, asked, cluster } = member(25);
  followCoordinator(cluster);
  await expect(group.heartbeat({ interval: 1 })).rejects.toMatchObject({ type: 'UNKNOWN_MEMBER_ID' });
  expect(asked).toEqual([]);
});
