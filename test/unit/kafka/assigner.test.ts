import fc from 'fast-check';
import { AssignerProtocol, type GroupMember } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { plainAssigner, sharePartitions, stickyAssigner } from '../../../functions/kafka/kafkajs/assigner.ts';

interface Claim {
  readonly generation: number;
  readonly partitions: readonly number[];
}

const none: Claim = { generation: -1, partitions: [] };
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const members = (count: number): string[] => range(count).map((index) => `member-${index}`);

/** The next generation: those that stay claim what they had. */
function rebalance(names: readonly string[], before: ReadonlyMap<string, number[]>, generation: number) {
  return sharePartitions(60, new Map(names.map((name) => [name, { generation, partitions: before.get(name) ?? [] }])));
}

function moved(before: ReadonlyMap<string, readonly number[]>, after: ReadonlyMap<string, readonly number[]>): number {
  return [...after].flatMap(([name, partitions]) => partitions.filter((one) => !before.get(name)?.includes(one)))
    .length;
}

const sizes = (shares: ReadonlyMap<string, readonly number[]>): number[] =>
  [...shares.values()].map((one) => one.length);

describe('the shares', () => {
  test('of 60 partitions over 4, 6 and 2 members are even, and move as little as that takes', () => {
    const four = rebalance(members(4), new Map(), 1);
    const six = rebalance(members(6), four, 2);
    const two = rebalance(members(6).slice(4), six, 3);
    expect(sizes(four)).toEqual([15, 15, 15, 15]);
    expect(sizes(six)).toEqual([10, 10, 10, 10, 10, 10]);
    expect(moved(four, six)).toBe(20);
    expect(sizes(two)).toEqual([30, 30]);
    expect(moved(six, two)).toBe(40);
  });

  test('stay as they are when nobody comes or goes', () => {
    const first = rebalance(members(7), new Map(), 1);
    expect(rebalance(members(7).toReversed(), first, 2)).toEqual(first);
  });

  test('give the one more to those that have it', () => {
    const claims = new Map<string, Claim>([
      ['a', { generation: 1, partitions: [0] }],
      ['b', { generation: 1, partitions: [1, 2] }],
    ]);
    expect(sharePartitions(3, claims)).toEqual(new Map(Object.entries({ a: [0], b: [1, 2] })));
  });

  test('go by the younger of two claims', () => {
    const claims = new Map<string, Claim>([
      ['a', { generation: 4, partitions: [0, 1] }],
      ['b', { generation: 5, partitions: [0] }],
    ]);
    expect(sharePartitions(2, claims).get('b')).toEqual([0]);
  });

  test('of more members than partitions leave some idle', () => {
    const shares = sharePartitions(2, new Map(members(3).map((name) => [name, none])));
    expect(sizes(shares).sort()).toEqual([0, 1, 1]);
  });

  test('of nothing, or among nobody, are nothing', () => {
    expect(sharePartitions(0, new Map([['a', none]]))).toEqual(new Map([['a', []]]));
    expect(sharePartitions(5, new Map())).toEqual(new Map());
  });

  test('are even, complete and sticky, whatever is claimed', () => {
    const claim = fc.record({
      generation: fc.integer({ min: -1, max: 4 }),
      partitions: fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(39) }, { weight: 1, arbitrary: fc.integer() }), {
        maxLength: 50,
      }),
    });
    const claims = fc.dictionary(fc.string({ maxLength: 3 }), claim, { minKeys: 1, maxKeys: 9 });
    fc.assert(
      fc.property(fc.nat(40), claims, (count, byName) => {
        const all = new Map(Object.entries(byName));
        const shares = sharePartitions(count, all);

        expect([...shares.keys()].sort()).toEqual([...all.keys()].sort());
        expect([...shares.values()].flat().sort((a, b) => a - b)).toEqual(range(count));
        expect(Math.max(...sizes(shares)) - Math.min(...sizes(shares))).toBeLessThanOrEqual(1);
        for (const [name, share] of shares) {
          const { generation, partitions } = all.get(name) ?? none;
          const rivals = [...all].filter(([other]) => other !== name).map(([, other]) => other);
          const undisputed = [...new Set(partitions)].filter(
            (one) =>
              one >= 0 &&
              one < count &&
              !rivals.some((rival) => rival.generation >= generation && rival.partitions.includes(one)),
          );
          const kept = share.filter((one) => partitions.includes(one)).length;
          expect(kept).toBeGreaterThanOrEqual(Math.min(undisputed.length, Math.floor(count / all.size)));
          expect(kept).toBeGreaterThanOrEqual(Math.min(undisputed.length, share.length));
        }
      }),
    );
  });
});

describe('the assigner', () => {
  const config = { groupId: 'g', logger: { info: () => undefined } };
  const told: (readonly string[])[] = [];
  const contextOf = (claim: Claim, counts: Record<string, number> = { in: 6, elsewhere: 4 }) => ({
    topic: 'in',
    partitionCount: (topic: string) => counts[topic] ?? 0,
    claim: () => claim,
    shared: (topics: readonly string[]) => void told.push(topics),
  });
  const assignerOf = (claim: Claim) => stickyAssigner(contextOf(claim));

  function member(memberId: string, userData: string | undefined, topics = ['in']): GroupMember {
    const bytes = Buffer.from(userData ?? '');
    return {
      memberId,
      memberMetadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: bytes }),
    };
  }

  async function assign(...group: GroupMember[]): Promise<Record<string, readonly number[] | undefined>> {
    const assignments = await assignerOf(none).assign({ members: group, topics: ['in'] });
    return Object.fromEntries(
      assignments.map(({ memberId, memberAssignment }) => [
        memberId,
        AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment.in,
      ]),
    );
  }

  test('tells the leader what a member had, and the leader leaves it there', async () => {
    const { name, metadata } = assignerOf({ generation: 3, partitions: [5, 1] }).protocol({ topics: ['in'] });
    expect(name).toBe('hft-sticky');
    expect(AssignerProtocol.MemberMetadata.decode(metadata)).toMatchObject({ topics: ['in'] });
    const shares = await assign(member('new', '{"generation":-1,"partitions":[]}'), {
      memberId: 'old',
      memberMetadata: metadata,
    });
    expect(shares.old).toEqual(expect.arrayContaining([1, 5]));
    expect(shares.old).toHaveLength(3);
  });

  test.each([
    '',
    'no json',
    'null',
    '7',
    '[]',
    '{}',
    '{"generation":1}',
    '{"generation":"1","partitions":[0]}',
    '{"generation":1,"partitions":"01"}',
    '{"generation":1,"partitions":[null,"0",0.5,-1,1e300,[],{}]}',
  ])('takes the claim %j for none', async (userData) => {
    const shares = await assign(member('a', userData), member('b', '{"generation":1,"partitions":[0,1,2]}'));
    expect(shares).toEqual({ a: [3, 4, 5], b: [0, 1, 2] });
  });

  test('takes metadata that cannot be decoded for no claim', async () => {
    const shares = await assign({ memberId: 'a', memberMetadata: Buffer.from([1]) });
    expect(shares).toEqual({ a: range(6) });
  });

  test.each([
    ['the sticky', stickyAssigner],
    ['the plain', plainAssigner],
  ])('%s gives partitions only to those that read their topic, and tells of the others', async (_, make) => {
    const group = [member('a', ''), member('b', ''), member('stranger', '', ['elsewhere']), member('none', '', [])];
    told.length = 0;
    const assignments = await make(contextOf(none)).assign({ members: group, topics: ['in'] });
    const shares = assignments.map(({ memberId, memberAssignment }) => [
      memberId,
      AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment,
    ]);
    expect(Object.fromEntries(shares)).toEqual({
      a: { in: [0, 1, 2] },
      b: { in: [3, 4, 5] },
      stranger: { elsewhere: [0, 1, 2, 3] },
      none: {},
    });
    expect(told).toEqual([['elsewhere']]);
  });

  test('a member of several topics has its share of each', async () => {
    const group = [member('a', ''), member('both', '', ['in', 'elsewhere', 'nowhere'])];
    const [, both] = await assignerOf(none).assign({ members: group, topics: ['in'] });
    expect(AssignerProtocol.MemberAssignment.decode(both?.memberAssignment ?? Buffer.alloc(0))?.assignment).toEqual({
      in: [3, 4, 5],
      elsewhere: [0, 1, 2, 3],
      nowhere: [],
    });
  });

  test('is made by kafkajs without more than it needs', () => {
    expect(assignerOf(none)).toMatchObject({ name: 'hft-sticky', version: 1 });
    expect(config.groupId).toBe('g');
  });
});
