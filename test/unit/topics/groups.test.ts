import { expect, test } from 'vitest';
import type { BrokerConnection } from '../../../scripts/support/kafka/broker.ts';
import { committedGroups } from '../../../scripts/topics/guard/groups.ts';
import { riskLines } from '../../../scripts/topics/guard/text.ts';

const topic = {
  ...{ name: 'a', configs: {} },
  partitions: [{ partition: 0, leader: 1, replicas: [1], inSync: [1] }],
};
const notAuthorized = 30;

/** A broker with three groups: one has committed, one has not, one may be listed and not described. */
const broker = {
  async ask(name: string, { groupId }: { groupId: string }) {
    if (name === 'ListGroups') return { groups: [{ groupId: 'other' }, { groupId: 'hidden' }, { groupId: 'seen' }] };
    if (name === 'GroupCoordinator') return { errorCode: 0, coordinator: { nodeId: 1 } };
    if (name === 'DescribeGroups') {
      return { groups: [{ errorCode: 0, state: 'Empty', protocolType: '', protocol: '', members: [] }] };
    }
    const offset = groupId === 'seen' ? '7' : '-1';
    const errorCode = groupId === 'hidden' ? notAuthorized : 0;
    return { errorCode, responses: [{ topic: 'a', partitions: [{ partition: 0, offset, errorCode: 0 }] }] };
  },
} as unknown as BrokerConnection; // what is asked here

test('a group that may not be described hides none of the others, and is counted', async () => {
  const { groups, unseen } = await committedGroups(topic, new Map([[1, broker]]));
  expect(groups).toEqual([{ groupId: 'seen', state: 'Empty', members: 0, offsets: new Map([[0, 7]]) }]);
  expect(unseen).toEqual({ count: 1, cause: 'GROUP_AUTHORIZATION_FAILED' });
  const movement = { records: 0, keyless: 0, keys: 0, movedKeys: 0, movedRecords: 0, elsewhere: 0 };
  const risk = { topic: 'a', from: 6, to: 12, keyed: true, divisibility: [], accepted: false };
  const evidence = { held: 0, movement, groups: [], ...(unseen ? { unseen } : {}) };
  expect(riskLines({ ...risk, evidence }, { target: '', accepted: '' })).toContain(
    '    1 group could not be seen (GROUP_AUTHORIZATION_FAILED), and may read it.',
  );
});
