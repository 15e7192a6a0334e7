import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { TopicFacts } from '../../../../scripts/support/kafka/cluster-facts.ts';
import { checkCounts } from '../../../../scripts/topics/migrate/checks.ts';
import { migrateOptions } from '../../../../scripts/topics/migrate/options.ts';
import { firstCheckpoints } from '../../../../scripts/topics/migrate/prepare.ts';

const flags = { topic: 'market.raw', to: 'market.raw.v2', partitions: '120' };

test('what the flags mean', () => {
  expect(migrateOptions(flags, [])).toEqual({
    ...{ from: 'market.raw', to: 'market.raw.v2', partitions: 120, groups: ['processor-group'], until: 'copy' },
    ...{ quietMs: 5_000, waitMs: 600_000, rate: Number.POSITIVE_INFINITY },
  });
  expect(migrateOptions({ ...flags, group: ['a', 'b', 'a'], 'cut-over': true, rate: '100' }, [])).toMatchObject({
    ...{ groups: ['a', 'b'], until: 'cut-over', rate: 100 },
  });
});

test('everything that is wrong, at once', () => {
  expect(() =>
    migrateOptions({ topic: 'a', to: 'a', partitions: '0', quiet: 'soon', plan: true, 'cut-over': true }, ['x']),
  ).toThrow(
    /nothing to do with 'x'; --to takes another name.*--partitions takes.*--quiet takes.*--plan changes nothing/,
  );
  expect(() => migrateOptions({}, [])).toThrow(/--topic takes the name.*--to takes the name.*--partitions/);
});

const topic = (partitions: number): TopicFacts => ({
  ...{ name: 'market.raw', configs: {} },
  partitions: Array.from({ length: partitions }, (_, partition) => ({
    partition,
    leader: 1,
    replicas: [1],
    inSync: [1],
  })),
});

test('a count that would break the order of a key is refused', () => {
  const declared = [
    { name: 'market.enriched', partitions: 60, follows: 'market.raw' },
    { name: 'analytics.results', partitions: 7, follows: 'market.enriched' },
  ].map((one) => ({ ...one, replicationFactor: 3, configs: {} as never }));
  const check = (partitions: number, live = new Map<string, number>()) =>
    checkCounts(migrateOptions({ ...flags, partitions: String(partitions) }, []), topic(60), declared, live);
  expect(() => check(120)).not.toThrow();
  expect(() => check(60)).toThrow('market.raw has 60 partitions: market.raw.v2 must have more of them, not 60');
  expect(() => check(90)).toThrow('90 is no multiple of the 60 partitions of market.raw');
  // What there is goes before what is declared.
  expect(() => check(120, new Map([['market.enriched', 50]]))).toThrow(
    'market.enriched (50) must have a divisor of 120 partitions',
  );
});

test('the copy begins with the first record that one of the groups has not handled', () => {
  const group = { groupId: 'g', coordinatorId: 1, state: 'Empty', protocolType: '', protocol: '', members: [] };
  const look = (...committed: (number | null)[]) => ({
    group,
    partitions: committed.map((one, partition) => ({ partition, committed: one, low: 10, end: 100 })),
  });
  const first = firstCheckpoints([look(40, null, 5), look(30, 50, 120)], { old: 3, new: 6 });
  expect([...first].map(([partition, { next }]) => [partition, next])).toEqual([
    [0, 30],
    [1, 10],
    [2, 10],
  ]);
  expect([...(first.get(1)?.copied ?? [])]).toEqual([
    [1, 0],
    [4, 0],
  ]);
});

test('migrate takes the flags of a cluster of MSK that plan and apply take', () => {
  const migrate = (...flags: string[]) => {
    const args = ['scripts/topics.ts', 'migrate', '--topic', 'a', '--to', 'b', '--partitions', '6', ...flags];
    return spawnSync(process.execPath, args, { encoding: 'utf8' });
  };
  const { status, stderr } = migrate('--cluster-name', ' ', '--region', ' ', '--brokers-via', 'pigeon');
  expect(status).toBe(2);
  expect(stderr).toMatch(/--cluster-name takes a value.*--region takes a value.*--brokers-via takes one of private/);
});
