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

test('one partition that cannot be read hides no other', async () => {
  const batches = [{ baseOffset: 5, keys: ['a'] }];
  const broken = [{ ...{ baseOffset: 5, keys: ['a'] }, broken: true }];
  const topic: FakeTopic = {
    name: 'in',
    partitions: [broken, 6, batches].map((held) => ({ end: 9, batches: held })),
  };
  const parked = [0, 1, 2].map((partition) => ({ partition, key: 'x', at: 5 }));
  expect(await outdatedOf(fakeCluster({ 'one:1': topic }), ...parked)).toEqual(['in/2/f/x']);
});

test('of a source no more is read than the one record that is asked for', async () => {
  const [wanted, behind] = [
    { baseOffset: 4, keys: ['a', 'b'] },
    { ...{ baseOffset: 6, keys: ['c'] }, broken: true },
  ];
  const topic: FakeTopic = { name: 'in', partitions: [{ end: 9, batches: [wanted, behind] }] };
  const faked = fakeCluster({ 'one:1': topic });
  expect(await outdatedOf(faked, { partition: 0, key: 'x', at: 5 })).toEqual(['in/0/f/x']);
  expect(faked.fetches).toMatchObject([{ positions: [{ partition: 0, offset: 5 }], maxBytesPerPartition: 1 }]);
});

test('bombs are not inflated one after another: behind a quarter of a gigabyte nothing is concluded', async () => {
  const bomb = { ...{ baseOffset: 5, keys: ['a'] }, value: Buffer.alloc(60_000_000), compress: true };
  const topic: FakeTopic = { name: 'in', partitions: Array.from({ length: 7 }, () => ({ end: 9, batches: [bomb] })) };
  const parked = topic.partitions.map((_, partition) => ({ partition, key: 'x', at: 5 }));
  expect(await outdatedOf(fakeCluster({ 'one:1': topic }), ...parked)).toHaveLength(5);
});

test('a topic is gone once every broker of the cluster says so, not those alone that were named', async () => {
  const topic: FakeTopic = { name: 'in', partitions: [{ end: 9, batches: [{ baseOffset: 5, keys: ['x'] }] }] };
  const parked = { partition: 0, key: 'x', at: 5 };
  expect(await outdatedOf(fakeCluster({ 'one:1': undefined, 'two:1': topic }, ['one:1']), parked)).toEqual([]);
  expect(await outdatedOf(fakeCluster({ 'one:1': undefined, 'two:1': undefined }, ['one:1']), parked)).toEqual([
    'in/0/f/x',
  ]);
});
