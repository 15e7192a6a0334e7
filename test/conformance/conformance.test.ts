import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildBundle, bundles as shipping } from '../../scripts/support/bundle.ts';
import { buildFixtures } from '../support/fixture-bundle.ts';
import type { TestBundle } from '../support/mutants.ts';
import { byKey, violations } from './canonical.ts';
import { expectOutcome } from './expect-outcome.ts';
import { missingIn } from './features.ts';
import { container } from './hosts/container.ts';
import { functionHost } from './hosts/function.ts';
import { inline } from './hosts/inline.ts';
import { outcomeCases } from './outcome-cases.ts';
import type { Bundles, Host, Observed, Work } from './work.ts';
import { works } from './works.ts';

// The contract between handler and host, on the bundle that ships, in all places where a handler can run. The whole form
// is what `npm run certify` runs; the short one leaves out what takes long.

const hosts: readonly Host[] = [inline, container, functionHost];
const form = process.env.HFT_CONFORMANCE === 'whole' ? 'whole' : 'short';
/** Whose runtime the cases are put through. The processor is in the first one only. */
const which = shipping.find(({ outfile }) => outfile === process.env.HFT_CONFORMANCE_BUNDLE) ?? shipping[0];
const base = mkdtempSync(join(tmpdir(), 'hft-conformance-'));
const seen = new Map<string, Observed>();
let fixtures: TestBundle;
let bundles: Bundles;

beforeAll(async () => {
  const { path: shipped } = await buildBundle(which);
  fixtures = await buildFixtures(shipped);
  bundles = { shipped, fixtures: fixtures.path };
});

afterAll(() => {
  fixtures.remove();
  rmSync(base, { recursive: true, force: true });
});

function worksOf(host: Host, dir: string): readonly Work[] {
  const inBundle = ({ shipped }: Work): boolean => !shipped || which === shipping[0];
  return works(dir, form).filter((work) => inBundle(work) && missingIn(host, work) === undefined);
}

describe.each(hosts)('$name', (host) => {
  const dir = mkdtempSync(join(base, host.name));
  const able = worksOf(host, dir);

  test.each(able)('$name', { timeout: 240_000 }, async (work) => {
    const observed = await host.run(work, bundles);
    seen.set(`${host.name}: ${work.name}`, observed);

    expect(violations(work, observed)).toEqual([]);
    expect(observed.outputs.length + observed.deadLetters.length > 0).toBe(work.records.length > 0);
  });

  test.each(outcomeCases)('row: $name', (one) => {
    const [work] = able;
    const observed = seen.get(`${host.name}: ${work?.name}`);
    if (!work || !observed) throw new Error('the outcome table was not run');
    expectOutcome(one, work, observed);
  });
});

describe('no difference from inline', () => {
  const others = hosts
    .slice(1)
    .flatMap((host) => worksOf(host, '').map((work) => ({ host: host.name, work: work.name })));

  test.each(others)('$host: $work', ({ host, work: name }) => {
    const work = works('', form).find((one) => one.name === name);
    const observed = seen.get(`${host}: ${name}`);
    const reference = seen.get(`inline: ${name}`) ?? seen.get(`container: ${name}`);
    if (!work || !observed || !reference) throw new Error('one of the two was not run');
    expect(Object.fromEntries(byKey(work, observed))).toEqual(Object.fromEntries(byKey(work, reference)));
  });
});
