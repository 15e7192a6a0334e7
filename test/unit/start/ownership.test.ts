import { expect, test } from 'vitest';
import { createOwnership, type Rebalance } from '../../../scripts/start/ownership.ts';

function group() {
  const seen: Rebalance[] = [];
  const ownership = createOwnership(4, (rebalance) => seen.push(rebalance));
  return { ownership, seen };
}

test('a join is one rebalance, from the first partition let go to the last taken up', () => {
  const { ownership, seen } = group();
  ownership.assigned(1, [0, 1], 100);
  expect(ownership.whole()).toBe(false);
  ownership.assigned(2, [2, 3], 150);
  expect(seen).toEqual([{ membersBefore: 0, membersAfter: 2, ms: 50 }]);

  ownership.released(1, 1_000);
  ownership.released(2, 1_100);
  expect(ownership.owners).toEqual([undefined, undefined, undefined, undefined]);
  // The news of the newcomer may be read first.
  ownership.assigned(3, [3], 1_500);
  ownership.assigned(2, [2], 1_600);
  ownership.assigned(1, [0, 1], 1_550);
  expect(seen[1]).toEqual({ membersBefore: 2, membersAfter: 3, ms: 550 });
  expect(ownership.owners).toEqual([1, 1, 2, 3]);
  expect(ownership.partitionsOf(1)).toBe(2);
});

test('a killed instance owns nothing, and its rebalance lasts until others own everything', () => {
  const { ownership, seen } = group();
  ownership.assigned(1, [0, 1], 0);
  ownership.assigned(2, [2, 3], 0);
  ownership.left(2, 1_000);
  expect(ownership.owners).toEqual([1, 1, undefined, undefined]);
  ownership.released(1, 11_000);
  ownership.assigned(1, [0, 1, 2, 3], 11_300);
  expect(seen[1]).toEqual({ membersBefore: 2, membersAfter: 1, ms: 10_300 });
});

test('an instance that leaves in order is not waited for', () => {
  const { ownership, seen } = group();
  ownership.assigned(1, [0, 1], 0);
  ownership.assigned(2, [2, 3], 0);
  ownership.left(2, 1_000);
  ownership.released(2, 1_010);
  ownership.released(1, 1_200);
  ownership.assigned(1, [0, 1, 2, 3], 1_400);
  ownership.left(2, 1_900);
  expect(seen).toHaveLength(2);
  expect(seen[1]).toMatchObject({ ms: 400 });
  expect(ownership.whole()).toBe(true);
});

test('while one has let go and was given nothing yet, the group is not whole', () => {
  const { ownership, seen } = group();
  ownership.assigned(1, [0, 1, 2, 3], 0);
  ownership.assigned(2, [], 0);
  ownership.released(2, 10);
  expect(ownership.whole()).toBe(false);
  ownership.assigned(2, [], 20);
  expect(ownership.whole()).toBe(true);
  expect(seen.at(-1)).toEqual({ membersBefore: 2, membersAfter: 2, ms: 10 });
});

test('what a later assignment gave away is not taken back by late news of the release', () => {
  const { ownership } = group();
  ownership.assigned(1, [0, 1, 2, 3], 0);
  ownership.assigned(2, [2, 3], 100);
  ownership.released(1, 90);
  expect(ownership.owners).toEqual([undefined, undefined, 2, 2]);
});
