import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildFixtures } from '../support/fixture-bundle.ts';
import { buildTestBundle, type Fault } from '../support/mutants.ts';
import { shippedBundle } from '../support/pipeline.ts';
import { byKey, violations } from './canonical.ts';
import { expectOutcome } from './expect-outcome.ts';
import { container } from './hosts/container.ts';
import { functionHost } from './hosts/function.ts';
import { inline } from './hosts/inline.ts';
import { outcomeCases } from './outcome-cases.ts';
import type { Host, Observed } from './work.ts';
import { works } from './works.ts';

// Who guards the suite: a row of the table is broken in one host, by a bundle with a bug, and the suite has to tell.

interface Mutant extends Fault {
  readonly row: string;
  readonly host: Host;
  /** Cases of the table that must fail, at least. */
  readonly fails: readonly string[];
}

const mutants: readonly Mutant[] = [
  {
    row: 'handled: all outputs',
    host: functionHost,
    file: 'functions/runtime/delivery.ts',
    find: 'for (const { record, bytes } of sized) publishOne(',
    replace: 'for (const { record, bytes } of sized.slice(0, 1)) publishOne(',
    fails: ['several'],
  },
  {
    row: 'output too large',
    host: inline,
    file: 'functions/runtime/delivery.ts',
    find: 'if (bytes <= publisher.maxRecordBytes) return bytes;',
    replace: 'if (bytes > 0) return bytes;',
    fails: ['too large', 'too large at second'],
  },
  {
    row: 'bad input',
    host: container,
    file: 'functions/runtime/outcome.ts',
    find: "  'DECODE_FAILED',\n",
    replace: '',
    fails: ['undecodable'],
  },
  {
    row: 'not retryable: dead at once',
    host: functionHost,
    file: 'functions/runtime/outcome.ts',
    find: "if (!isRetryable(thrown)) return { kind: 'dead-letter'",
    replace: "if (!isRetryable(thrown) && attempts > 1) return { kind: 'dead-letter'",
    fails: ['throw a string', 'throw null', 'reject with a TypeError'],
  },
  {
    row: 'retryable: so often, and no more',
    host: container,
    file: 'functions/runtime/outcome.ts',
    find: 'if (attempts < policy.attempts)',
    replace: 'if (attempts <= policy.attempts)',
    fails: ['retries that never succeed'],
  },
  {
    row: 'retryable: with a wait',
    host: inline,
    file: 'functions/runtime/retry.ts',
    find: 'Math.round(ceiling / 2 + (ceiling / 2) * random)',
    replace: '0',
    fails: ['waits between tries'],
  },
  {
    row: 'a dependency down: never a dead letter',
    host: functionHost,
    file: 'functions/runtime/outcome.ts',
    find: "if (thrown instanceof DependencyDownError) return { kind: 'dependency-down' };",
    replace: '',
    fails: ['a dependency that is down is waited for'],
  },
  {
    row: 'undone records are delivered again',
    host: functionHost,
    file: 'functions/hosts/lambda/response.ts',
    find: 'if (firstUndone === undefined) continue;',
    replace: 'if (firstUndone !== undefined || firstUndone === undefined) continue;',
    fails: ['a dependency that is down is waited for', 'by all of its partition'],
  },
  {
    row: 'the dead-letter envelope',
    host: container,
    file: 'functions/runtime/dead-letter.ts',
    find: "headers['error.timestamp'] = String(record.timestamp);",
    replace: "headers['error.timestamp'] = String(record.timestamp + 1);",
    fails: ['throw a string', 'bytes of a dead letter'],
  },
];

const dir = mkdtempSync(join(tmpdir(), 'hft-conformance-mutants-'));
const [work] = works(dir, 'short');
let reference: Observed;

beforeAll(async () => {
  const shipped = await shippedBundle();
  const fixtures = await buildFixtures(shipped);
  reference = await inline.run(table(), { shipped, fixtures: fixtures.path });
  fixtures.remove();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function table() {
  if (!work) throw new Error('there is no work');
  return work;
}

test.each(mutants)('$row, broken in one host ($host.name), is told', { timeout: 120_000 }, async (mutant) => {
  const bundle = await buildTestBundle({ fault: mutant });
  const fixtures = await buildFixtures(bundle.path);
  try {
    const observed = await mutant.host.run(table(), { shipped: bundle.path, fixtures: fixtures.path });

    const failed = outcomeCases.filter((one) => !holds(() => expectOutcome(one, table(), observed)));
    expect(failed.map(({ name }) => name)).toEqual(expect.arrayContaining([...mutant.fails]));
    const same = holds(() =>
      expect(Object.fromEntries(byKey(table(), observed))).toEqual(Object.fromEntries(byKey(table(), reference))),
    );
    expect(same && violations(table(), observed).length === 0).toBe(false);
  } finally {
    fixtures.remove();
    bundle.remove();
  }
});

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
