import { describe, expect, test } from 'vitest';
import { diagnoseGroup, type GroupSituation } from '../../../scripts/doctor/group-diagnosis.ts';
import type { GroupFacts, MemberFacts } from '../../../scripts/support/kafka/group-facts.ts';

function member(clientId: string, partitions: readonly number[], subscribed = ['raw']): MemberFacts {
  return {
    memberId: `${clientId}-id`,
    clientId,
    host: '127.0.0.1',
    subscribed,
    assigned: [{ topic: subscribed[0] ?? 'raw', partitions }],
  };
}

function group(members: readonly MemberFacts[], change: Partial<GroupFacts> = {}): GroupFacts {
  const state = members.length === 0 ? 'Empty' : 'Stable';
  return {
    groupId: 'g',
    coordinatorId: 1,
    state,
    protocolType: 'consumer',
    protocol: 'hft-sticky',
    members,
    ...change,
  };
}

function diagnose(second: GroupFacts, change: Partial<GroupSituation> = {}) {
  return diagnoseGroup({
    first: second,
    second,
    topic: 'raw',
    partitionCount: 6,
    expectedInstances: undefined,
    groups: ['g'],
    ...change,
  });
}

const whole = group([member('processor-1', [0, 1, 2]), member('processor-2', [3, 4, 5])]);

test('a settled, even group is well', () => {
  expect(diagnose(whole)).toEqual([]);
  expect(diagnose(group([member('a', [0, 1, 2, 3]), member('b', [4, 5, 6])]), { partitionCount: 7 })).toEqual([]);
});

describe('nobody there', () => {
  test('empty', () => {
    expect(diagnose(group([]))).toMatchObject([{ severity: 'warning', what: 'group g has no members' }]);
  });
  test('never made: names those that are', () => {
    const [finding] = diagnose(group([], { state: 'Dead' }), { groups: ['processor-group'] });
    expect(finding?.what).toBe('group g does not exist');
    expect(finding?.remedy).toContain('processor-group');
  });
  test('made with the newer protocol', () => {
    expect(diagnose(group([], { state: 'Dead' }))[0]?.cause).toContain('KIP-848');
  });
});

describe('rebalances', () => {
  const moving = group(whole.members, { state: 'PreparingRebalance' });
  test('at both looks: a problem', () => {
    expect(diagnose(moving)).toMatchObject([{ severity: 'problem', what: expect.stringContaining('at both looks') }]);
  });
  test('at the second only: a warning', () => {
    expect(diagnose(moving, { first: whole })).toMatchObject([{ severity: 'warning' }]);
  });
  test('between the looks: a note', () => {
    const before = group([member('processor-1', [0, 1, 2, 3, 4, 5])]);
    expect(diagnose(whole, { first: before })).toMatchObject([
      { severity: 'note', cause: '1 member joined and 0 left.' },
    ]);
  });
});

describe('shares', () => {
  test.each([
    [
      'partitions without an owner',
      group([member('a', [0, 1]), member('b', [2, 3])]),
      'problem',
      /nobody owns 2 .*: 4-5/,
    ],
    [
      'two owners',
      group([member('a', [0, 1, 2, 3]), member('b', [3, 4, 5])]),
      'problem',
      /1 partition .* two owners: 3/,
    ],
    ['uneven', group([member('a', [0, 1, 2, 3]), member('b', [4, 5])]), 'warning', /uneven: from 2 to 4 each/],
    ['an idle member', group([...whole.members, member('c', [])]), 'warning', /1 member own nothing: c/],
    ['another protocol', group(whole.members, { protocolType: 'connect' }), 'problem', /not a group of consumers/],
  ] as const)('%s', (_, facts, severity, what) => {
    expect(diagnose(facts)).toMatchObject([{ severity, what: expect.stringMatching(what) }]);
  });

  test('more members than partitions says how many are enough', () => {
    const members = Array.from({ length: 8 }, (_, index) => member(`p-${index}`, index < 6 ? [index] : []));
    expect(diagnose(group(members))[0]?.remedy).toBe('Run at most 6 instances.');
  });

  test('a member that reads another topic is named, and is not counted as idle', () => {
    const findings = diagnose(group([...whole.members, member('storage-1', [0], ['enriched'])]));
    expect(findings).toMatchObject([{ severity: 'problem', what: '1 member of g read another topic: storage-1' }]);
  });

  test('fewer members than were said to be started', () => {
    expect(diagnose(whole, { expectedInstances: 4 })).toMatchObject([
      { severity: 'warning', what: '2 members in g, and TOTAL_INSTANCES says 4' },
    ]);
    expect(diagnose(whole, { expectedInstances: 2 })).toEqual([]);
  });
});
