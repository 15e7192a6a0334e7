import { expect, test } from 'vitest';
import { groupsByFunction, groupsToStop, heldUpBy } from '../../../scripts/dead-letters/groups.ts';
import { nothingEarlier } from '../../../scripts/dead-letters/outdated.ts';
import { orderOfKeys } from '../../../scripts/dead-letters/parked-topic.ts';
import { CommandError } from '../../../scripts/support/command.ts';
import { type FakeTopic, fakeCluster, lookAt } from './fake-cluster.ts';

const topic: FakeTopic = { name: 'in', partitions: [{ end: 9, batches: [] }] };

test('a group that is named for one function is asked about no other of this tree', async () => {
  const { target } = fakeCluster({ 'one:1': topic });
  const both = new Set(['storage', 'analytics', 'elsewhere']);
  const ofAnalytics = await groupsByFunction(both, 'analytics-group', target);
  expect([...both].map(ofAnalytics)).toEqual(['storage-group', 'analytics-group', target.groupId]);
  expect([...both].map(await groupsByFunction(both, 'mine', target))).toEqual(['mine', 'mine', 'mine']);
});

test('to forget notes, the group that was named and that of each function have to be empty', async () => {
  const both = new Set(['storage', 'analytics']);
  expect([...(await groupsToStop(new Set(['storage']), 'analytics-group', false))].sort()).toEqual([
    ...['analytics-group', 'storage-group'],
  ]);
  expect([...(await groupsToStop(both, undefined, false))].sort()).toEqual(['analytics-group', 'storage-group']);
  expect([...(await groupsToStop(new Set(['elsewhere']), 'mine', true))]).toEqual(['mine']);
  const unknown = groupsToStop(new Set(['elsewhere', 'storage']), 'mine', false);
  await expect(unknown).rejects.toThrow(CommandError);
  await expect(unknown).rejects.toThrow(/^elsewhere: not of this tree, .* name its group with --group/);
  // One group is not that of two functions.
  await expect(groupsToStop(new Set(['elsewhere', 'other']), 'mine', true)).rejects.toThrow('each runs');
});

test('records are handled once the named group is past them, and that of the function where it has been', () => {
  const at = (positions: Readonly<Record<string, number>>) => (group: string) => positions[group];
  const handlers = { named: 'mine', own: 'storage-group' };
  expect(heldUpBy(handlers, at({ mine: 8 }), 7)).toBeUndefined();
  expect(heldUpBy(handlers, at({ mine: 7 }), 7)).toContain('its group mine has not');
  expect(heldUpBy(handlers, at({ mine: 8, 'storage-group': 7 }), 7)).toContain('storage-group has not');
  expect(heldUpBy(handlers, at({ 'storage-group': 8 }), 7)).toContain('its group mine has not');
  expect(heldUpBy({ own: 'storage-group' }, at({}), 7)).toContain('or name the group with --group');
  expect(heldUpBy({}, at({ 'processor-group': 8 }), 7)).toContain('name it with --group');
});

test('a key is not let go by how far the group of another function is', async () => {
  const committed = { 'analytics-group': 9, 'storage-group': 4, mine: 9 };
  const { cluster, target } = fakeCluster({ 'one:1': topic }, undefined, committed);
  const look = lookAt([{ partition: 0, key: 'a', at: 5 }], 'storage');
  const [entry] = look.parked?.values() ?? [];
  if (entry === undefined) throw new Error('expected a key that is parked');
  const isPast = async (group: string, offset: number): Promise<boolean> =>
    (await orderOfKeys(target, cluster, look, group, nothingEarlier)).isCommitted(entry, offset);
  expect(await isPast('analytics-group', 5)).toBe(false);
  expect(await isPast('mine', 5)).toBe(false);
  expect(await isPast('mine', 3)).toBe(true);
});
