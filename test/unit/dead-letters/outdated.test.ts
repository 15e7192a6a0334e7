import { expect, test } from 'vitest';
import { earlierThings } from '../../../scripts/dead-letters/outdated.ts';
import { type FakeTopic, fakeCluster, lookAt } from './fake-cluster.ts';

/** What a broker says of a partition that may not be read, and of one that it does not lead any more. */
const unread = { TOPIC_AUTHORIZATION_FAILED: 29, NOT_LEADER_OR_FOLLOWER: 6 };

async function outdatedOf(
  { cluster, target }: ReturnType<typeof fakeCluster>,
  ...parked: { partition: number; key: string; at: number }[]
): Promise<string[]> {
  return [...(await earlierThings(target, cluster, lookAt(parked))).outdated].sort();
}

test('a note where a record of another key lies is of a topic before, one of its own key is not', async () => {
  const topic: FakeTopic = {
    name: 'in',
    partitions: [{ end: 9, batches: [{ baseOffset: 4, keys: ['a', 'b', 'c'] }] }],
  };
  const parked = [
    { partition: 0, key: 'a', at: 4 },
    { partition: 0, key: 'x', at: 5 },
    { partition: 0, key: 'y', at: 9 },
  ];
  expect(await outdatedOf(fakeCluster({ 'one:1': topic }), ...parked)).toEqual(['in/0/f/x', 'in/0/f/y']);
});

test.each(Object.entries(unread))('of a source that answers %s nothing is concluded', async (_, batches) => {
  const topic: FakeTopic = { name: 'in', partitions: [{ end: 9, batches }] };
  const parked = [
    { partition: 0, key: 'x', at: 5 },
    { partition: 0, key: 'y', at: 9 },
  ];
  expect(await outdatedOf(fakeCluster({ 'one:1': topic }), ...parked)).toEqual(['in/0/f/y']);
});
