import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databaseMutants, toldOf } from '../conformance/database/mutants.ts';
import { type Ground, openGround } from '../conformance/database/run.ts';
import { mutants } from '../conformance/mutants.ts';
import { expectTold } from '../conformance/tell.ts';

// Every row of the outcome table, broken on purpose in one host: the conformance suite has to tell each.

test.each(mutants)('$row, broken in one host ($host.name), is told', { timeout: 120_000 }, expectTold);

describe('with a database', () => {
  let ground: Ground;

  beforeAll(async () => {
    ground = await openGround();
  }, 60_000);

  afterAll(() => ground.servers.stop());

  test.each(databaseMutants)('$promise: broken ($place.name), is told', { timeout: 120_000 }, async (mutant) => {
    expect(await toldOf(mutant, ground)).toContainEqual(expect.stringMatching(mutant.told));
  });
});
