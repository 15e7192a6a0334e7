import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { buildFixtures } from '../support/fixture-bundle.ts';
import { buildTestBundle } from '../support/mutants.ts';
import { shippedBundle } from '../support/pipeline.ts';
import { byKey, violations } from './canonical.ts';
import { expectOutcome } from './expect-outcome.ts';
import { inline } from './hosts/inline.ts';
import type { Mutant } from './mutants.ts';
import { outcomeCases } from './outcome-cases.ts';
import type { Host, Observed, Work } from './work.ts';
import { works } from './works.ts';

/** Runs what stands for a row, and nothing else, in the host in which it is broken: the suite has to tell. */
export async function expectTold(mutant: Mutant): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-conformance-mutant-'));
  const { path, remove } = await buildTestBundle({ fault: mutant });
  try {
    const work = workOf(mutant, dir);
    const observed = await run(mutant.host, work, path);
    const found = violations(work, observed);
    if (mutant.told) expect(found).toContainEqual(expect.stringMatching(mutant.told));
    else await expectFailure(mutant, work, observed);
  } finally {
    remove();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Each of its cases fails, and the comparison with a host that is sound. */
async function expectFailure({ cases = [] }: Mutant, work: Work, observed: Observed): Promise<void> {
  const failed = outcomeCases.filter(
    (one) => cases.includes(one.name) && !holds(() => expectOutcome(one, work, observed)),
  );
  expect(failed.map(({ name }) => name)).toEqual(expect.arrayContaining([...cases]));
  const sound = await run(inline, work, await shippedBundle());
  const keys = (one: Observed) => Object.fromEntries(byKey(work, one));
  expect(holds(() => expect(keys(observed)).toEqual(keys(sound)))).toBe(false);
}

function workOf({ cases = [], trouble }: Mutant, dir: string): Work {
  const found = works(dir, 'whole').find((work) => work.trouble === trouble);
  if (!found) throw new Error(`no work is about ${trouble}`);
  if (trouble !== undefined) return found;
  return { ...found, records: found.records.filter(({ headers }) => cases.includes(String(headers.case))) };
}

async function run(host: Host, work: Work, shipped: string): Promise<Observed> {
  const fixtures = await buildFixtures(shipped);
  try {
    return await host.run(work, { shipped, fixtures: fixtures.path });
  } finally {
    fixtures.remove();
  }
}

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
