import { expect, test } from 'vitest';
import { describeQuorumRequest, parseLeader } from '../../../infra/cluster/quorum.ts';

/** An answer to DescribeQuorum version 0, up to and with the leader: what follows is not read. */
function answer(error: number, partitionError: number, leaderId: number): Buffer {
  const topic = Buffer.from('__cluster_metadata');
  const head = Buffer.from([0, 0, 0, 1, 0, 0, error, 2, topic.length + 1]);
  const partition = Buffer.alloc(15);
  partition.writeInt8(2, 0);
  partition.writeInt32BE(0, 1);
  partition.writeInt16BE(partitionError, 5);
  partition.writeInt32BE(leaderId, 7);
  return Buffer.concat([head, topic, partition]);
}

test('the request says its own length', () => {
  const request = describeQuorumRequest();

  expect(request.readInt32BE(0)).toBe(request.length - 4);
  expect(request.readInt16BE(4)).toBe(55);
});

test.each([
  ['a leader', answer(0, 0, 2), 2],
  ['no leader yet', answer(0, 0, -1), undefined],
  ['an error', answer(41, 0, 2), undefined],
  ['an error of the partition', answer(0, 6, 2), undefined],
  ['an answer cut short', answer(0, 0, 2).subarray(0, 20), undefined],
  ['nothing', Buffer.alloc(0), undefined],
])('%s', (_, bytes, leader) => {
  expect(parseLeader(bytes)).toBe(leader);
});
