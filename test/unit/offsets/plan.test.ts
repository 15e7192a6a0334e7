import { expect, test } from 'vitest';
import { planOffsets } from '../../../scripts/offsets/plan.ts';
import { changeText, planText } from '../../../scripts/offsets/text.ts';

const topic = 'market.raw';
const look = (committed: number | null, low = 0, end = 100, partition = 0) => ({ partition, committed, low, end });

test('latest and earliest: what is skipped, and what is handled again', () => {
  const looks = [look(40), look(null, 10, 100, 1)];
  expect(planOffsets(topic, looks, { kind: 'latest' })).toEqual({
    moves: [
      { partition: 0, from: 40, to: 100, replayed: 0, skipped: 60 },
      { partition: 1, from: null, to: 100, replayed: 0, skipped: 90, note: 'no commit yet' },
    ],
    replayed: 0,
    skipped: 150,
    waiting: 0,
  });
  expect(planOffsets(topic, looks, { kind: 'earliest' })).toMatchObject({
    moves: [
      { to: 0, replayed: 40 },
      { to: 10, replayed: 0, skipped: 0 },
    ],
    waiting: 190,
  });
});

test('a shift is from where the group is, and cut to what the partition holds', () => {
  const aim = (committed: number | null, by: number) =>
    planOffsets(topic, [look(committed, 10, 100)], { kind: 'shift', by }).moves[0];
  expect(aim(50, 20)).toMatchObject({ to: 70, skipped: 20 });
  expect(aim(50, -20)).toMatchObject({ to: 30, replayed: 20 });
  expect(aim(95, 20)).toMatchObject({ to: 100, skipped: 5, note: 'cut to the end, 15 short' });
  expect(aim(15, -20)).toMatchObject({ to: 10, replayed: 5, note: 'cut to the earliest, 15 short' });
  expect(aim(null, 20)).toMatchObject({ to: 30, skipped: 20, note: 'no commit yet' });
});

test('a commit that the topic does not hold: reading begins at the earliest, or waits at the end', () => {
  const [deleted, beyond] = planOffsets(topic, [look(5, 10), look(140, 0, 100, 1)], { kind: 'earliest' }).moves;
  expect(deleted).toMatchObject({
    to: 10,
    replayed: 0,
    skipped: 0,
    note: 'its commit is deleted, the first record is 10',
  });
  expect(beyond).toMatchObject({ to: 0, replayed: 100, note: 'its commit is beyond the end, 100' });
});

test('a time: the first record at or after it, or the end', () => {
  const times = new Map([
    [0, 25],
    [1, undefined],
  ]);
  const { moves } = planOffsets(topic, [look(40), look(40, 0, 100, 1)], { kind: 'time', atMs: 1 }, { times });
  expect(moves.map(({ to, note }) => [to, note])).toEqual([
    [25, undefined],
    [100, 'no record is as late: the end'],
  ]);
});

const file = { kind: 'file', path: 'a.csv' } as const;

test('a file: its partitions only, none takes a commit away', () => {
  const rows = [{ topic, partition: 1, offset: null }];
  const { moves, replayed } = planOffsets(topic, [look(40), look(40, 0, 100, 1)], file, { rows });
  expect(moves.map(({ to }) => to)).toEqual([40, null]);
  expect(replayed).toBe(40);
});

test('offsets of a file out of range, and a group that moved on: each is named', () => {
  const looks = [look(40, 10), look(41, 0, 100, 1), look(42, 0, 100, 2), look(null, 0, 100, 3)];
  const rows = [
    { topic, partition: 0, offset: 9 },
    { topic, partition: 1, offset: 101 },
    { topic, partition: 2, offset: 50, from: 40 },
    { topic, partition: 3, offset: 50, from: null },
  ];
  expect(() => planOffsets(topic, looks, file, { rows })).toThrow(
    [
      'the file does not fit in 3 partitions:',
      '  market.raw/0: 9 is not in it, it goes from 10 to 100',
      '  market.raw/1: 101 is not in it, it goes from 0 to 100',
      '  market.raw/2: the group is at 42, and was at 40 when planned',
    ].join('\n'),
  );
});

test('an undo: offsets that the topic does not hold any more are cut to what it holds', () => {
  const looks = [look(40, 10), look(41, 0, 100, 1), look(42, 0, 100, 2), look(43, 0, 100, 3)];
  const rows = [9, 101, 50, null].map((offset, partition) => ({ topic, partition, offset }));
  const { moves } = planOffsets(topic, looks, { ...file, undo: true }, { rows });
  expect(moves.map(({ to, note }) => [to, note])).toEqual([
    [10, 'cut to the earliest, 1 short'],
    [100, 'cut to the end, 1 short'],
    [50, undefined],
    [null, undefined],
  ]);
});

test('the text: only what changes, and what is never handled', () => {
  const subject = { groupId: 'processor-group', topic, compacted: false };
  const plan = planOffsets(topic, [look(40), look(100, 0, 100, 1)], { kind: 'latest' });
  expect(planText(subject, plan, 'latest')).toBe(
    [
      'processor-group on market.raw, to latest:',
      '  partition  from   to  again  never',
      '          0    40  100      0     60',
      '1 partition would change, 1 would stay; then 0 records wait.',
      '0 records will be handled again.',
      '60 records will never be handled: they are skipped.',
      '',
    ].join('\n'),
  );
  expect(planText({ ...subject, compacted: true }, plan, 'latest')).toContain(
    'At most 60 records will never be handled',
  );
  expect(changeText(subject, { saved: undefined, changed: 0 })).toContain('there already');
});
