import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { byKey } from './canonical.ts';
import { analyticsCases } from './database/analytics-cases.ts';
import type { Place, Seen } from './database/case.ts';
import { containerDatabase } from './database/container.ts';
import { functionDatabase } from './database/function.ts';
import { inlineDatabase } from './database/inline.ts';
import { databaseMutants, toldOf } from './database/mutants.ts';
import { type Ground, openGround, runCase } from './database/run.ts';
import { storageCases } from './database/storage-cases.ts';

// The functions of dist/database.mjs, on real brokers and a real database: each case in all places where they can run, with
// what is in the tables held to what was written, and to that of the other places.

const places: readonly Place[] = [inlineDatabase, containerDatabase, functionDatabase];
const isWhole = process.env.HFT_CONFORMANCE === 'whole';
const cases = [...storageCases, ...analyticsCases].filter(({ short }) => short || isWhole);
const seen = new Map<string, Seen>();
/** Those that take a host: test/long. */
const shortMutants = isWhole ? [] : databaseMutants.filter(({ place }) => place === inlineDatabase);
let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
});

afterAll(() => ground.servers.stop());

describe.each(places)('$name', (place) => {
  test.each(cases)('$name', { timeout: 240_000 }, async (one) => {
    const result = await runCase(place, one, ground);
    seen.set(`${place.name}: ${one.name}`, result);
    expect(result.problems).toEqual([]);
  });
});

describe('no difference from inline', () => {
  const others = places.slice(1).flatMap((place) => cases.map((one) => ({ host: place.name, work: one.name, one })));

  test.each(others)('$host: $work', ({ host, one }) => {
    const [there, reference] = [seen.get(`${host}: ${one.name}`), seen.get(`inline: ${one.name}`)];
    if (!there || !reference) throw new Error('one of the two was not run');
    expect(there.tables).toEqual(reference.tables);
    expect(Object.fromEntries(byKey(one, there.observed))).toEqual(Object.fromEntries(byKey(one, reference.observed)));
  });
});

test.each(shortMutants)('$promise: broken, and told', async (mutant) => {
  expect(await toldOf(mutant, ground)).toContainEqual(expect.stringMatching(mutant.told));
});
