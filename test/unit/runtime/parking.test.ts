import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeOf } from '../../../scripts/dead-letters/letter.ts';
import { type Life, World } from './parking-world.ts';

const keys = ['a', 'b'];
const runs = 2_000;
const immortal: Life = { writes: Number.POSITIVE_INFINITY, last: 'stored', commits: [true] };

const life = fc.record({
  writes: fc.integer({ min: 1, max: 12 }),
  last: fc.constantFrom('stored' as const, 'lost' as const, 'late' as const),
  commits: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
});
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('produce' as const), key: fc.constantFrom('a', ...keys), bad: fc.nat(4) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('own' as const), life }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('redrive' as const),
      noise: fc.array(fc.option(fc.constantFrom(...keys), { nil: undefined }), { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mend' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('late' as const) }) },
);

/** The keys' records in the order in which each was handled first. */
function firsts(world: World, key: string): number[] {
  return [...new Set(world.outputs.filter((one) => one.key === key).map(({ first }) => first))];
}

test('whenever owners die, no record of a key is handled before one that stands in front of it, and none is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const world = new World();
      for (const one of steps) {
        if (one.do === 'produce') {
          const offset = world.produce(one.key);
          if (one.bad === 0) world.poison.add(offset);
        } else if (one.do === 'own') await world.own(one.life);
        else if (one.do === 'redrive') world.redrive(one.noise);
        else if (one.do === 'mend') world.poison.clear();
        else world.landLate();
      }
      world.landLate();
      world.poison.clear();
      let rounds = 0;
      for (; rounds < 20; rounds += 1) {
        await world.own(immortal);
        if (world.redrive([]) === 0) break;
      }
      expect(rounds).toBeLessThan(20);
      // What an owner wrote late may still hold a key that nothing waits of: the command asks for its release.
      world.settle();
      const last = keys.map((key) => world.produce(key));
      await world.own(immortal);
      expect(world.waiting()).toEqual([]);
      for (const [index, key] of keys.entries()) {
        const all = world.log.filter((one) => String(one.key) === key).map(({ value }) => Number(value));
        expect(firsts(world, key)).toEqual([...new Set(all)].sort((a, b) => a - b));
        expect(firsts(world, key).at(-1)).toBe(last[index]);
      }
    }),
    { numRuns: runs },
  );
});

test('behind a record that died all of its key wait, those of others go on, and a redrive brings them back in order', async () => {
  const world = new World();
  for (const key of ['a', 'a', 'b', 'a', 'b']) world.produce(key);
  world.poison.add(1);
  await world.own(immortal);
  expect(world.letters.map(({ cause, source }) => [cause.code, source?.offset])).toEqual([
    ['CONTRACT_VIOLATED', 1],
    ['KEY_PARKED', 3],
  ]);
  expect(firsts(world, 'b')).toEqual([2, 4]);

  // Still bad: it comes back, and those behind it with it.
  world.redrive(['a']);
  await world.own(immortal);
  expect(firsts(world, 'a')).toEqual([0]);

  world.poison.clear();
  world.redrive([]);
  world.produce('a');
  await world.own(immortal);
  expect(firsts(world, 'a')).toEqual([0, 1, 3, 6, 8, 13]);
  expect(world.waiting()).toEqual([]);
});

test('a key whose letters are discarded is released', async () => {
  const world = new World();
  for (const key of ['a', 'a']) world.produce(key);
  world.poison.add(0);
  await world.own(immortal);
  for (const one of world.waiting()) world.discarded.add(placeOf(one));
  world.settle();
  world.produce('a');
  await world.own(immortal);
  expect(firsts(world, 'a')).toEqual([2]);
});
