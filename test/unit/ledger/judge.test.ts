import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assertClean, describeVerdict, violationsOf } from '../../support/ledger/format.ts';
import { judge } from '../../support/ledger/judge.ts';
import { cases, counts, exampleRun, from, swap } from './judge-cases.ts';
import { type Mutation, mutations } from './mutations.ts';
import { append, validRun } from './run.ts';

describe('judge', () => {
  test('finds nothing in a clean run, and counts it', () => {
    const verdict = judge(exampleRun());

    expect(describeVerdict(verdict).split('\n')).toHaveLength(1);
    expect(violationsOf(verdict)).toEqual([]);
    expect(verdict).toMatchObject({ unaccounted: 0, uncommitted: 0, longestSilenceMs: [50, 50] });
    expect(verdict.counts).toEqual({
      ...{ inputs: 24, outputs: 16, deadLetters: 4, commits: 24 },
      ...{ distinctOutputs: 16, distinctDeadLetters: 4, filtered: 4 },
    });
    expect(() => assertClean(verdict, { allowUncommitted: 0 })).not.toThrow();
  });

  test.each(cases)('when $what: $found', ({ spoil, found, order = 'key' }) => {
    const run = exampleRun();
    spoil(run);
    const verdict = judge({ ...run, expectations: { ...run.expectations, order } });

    expect(violationsOf(verdict), describeVerdict(verdict)).toEqual(found);
    const gone = found.filter(
      (kind) => kind === 'lost' || (kind === 'missingDead' && !found.includes('unexpectedOutput')),
    );
    expect(verdict.unaccounted).toBe(gone.length);
    if (found.length === 0) assertClean(verdict);
    else expect(() => assertClean(verdict)).toThrow(found[0]);
  });

  test('says where: source coordinates, and what was found there', () => {
    const run = exampleRun();
    swap(from(run, 'outputs', 1, 1), from(run, 'outputs', 1, 5));
    const verdict = judge(run);

    expect(verdict.reordered.examples).toEqual([
      { at: 'raw/1/1', detail: 'in out/1/6, after source offset 5 in output offset 2' },
    ]);
    expect(verdict.commitsAhead.examples[0]).toMatchObject({ at: 'raw/1/2' });
    expect(verdict.commitsAhead.examples[0]?.detail).toMatch(/with source offset 1 done 80 ms later$/);
  });

  test('compares outputs with those expected, and any end of a record with the one due', () => {
    const run = exampleRun();
    const { fateOf } = run.expectations;
    const outputHashOf = ({ valueHash }: { readonly valueHash: string | null }) => `out-${valueHash?.slice(3)}`;

    expect(violationsOf(judge({ ...run, expectations: { fateOf, outputHashOf } }))).toEqual([]);
    const other = judge({ ...run, expectations: { fateOf, outputHashOf: () => 'other' } });
    expect(other.wrongBytes).toMatchObject({ total: 16, examples: { length: 10 } });
    const named = judge({ ...run, expectations: { fateOf, functionName: 'storage' } });
    expect(named.wrongBytes.total).toBe(4);
    const unknown = judge({ ...run, expectations: { fateOf: () => undefined } });
    expect(unknown).toMatchObject({ lost: { total: 4 }, unaccounted: 4 });
  });

  test('lets no more than the allowed duplicates pass, and leftovers when told', () => {
    const run = exampleRun();
    append(run.outputs, 1, { ...from(run, 'outputs', 1, 1) });
    run.commitSamples.pop();
    const verdict = judge(run);

    expect(() => assertClean(verdict, { allowDuplicates: 1 })).not.toThrow();
    expect(() => assertClean(verdict)).toThrow('1 duplicated');
    expect(() => assertClean(verdict, { allowDuplicates: 1, allowUncommitted: 0 })).toThrow(
      '1 records left uncommitted',
    );
  });

  test('refuses a source log with a gap', () => {
    const run = exampleRun();
    run.source.partitions[2]?.splice(3, 1);

    expect(() => judge(run)).toThrow('raw/2 was not read whole: no offset 3');
  });

  test('reads a log that does not start at 0', () => {
    const run = exampleRun();
    for (const records of run.source.partitions) for (const record of records) record.offset += 1_000;
    for (const record of run.outputs.partitions.flat()) {
      const [topic, partition, offset] = String(record.headers.source).split('/');
      record.headers = { ...record.headers, source: `${topic}/${partition}/${Number(offset) + 1_000}` };
    }
    for (const record of run.deadLetters.partitions.flat()) {
      record.headers = { ...record.headers, 'error.offset': String(Number(record.headers['error.offset']) + 1_000) };
    }
    const commitSamples = run.commitSamples.map((sample) => ({ ...sample, offset: sample.offset + 1_000 }));

    assertClean(judge({ ...run, commitSamples }), { allowUncommitted: 0 });
  });
});

const plan = fc.record({
  partition: fc.nat({ max: 3 }),
  key: fc.option(fc.nat({ max: 2 }), { freq: 10 }),
  fate: fc.constantFrom('output', 'output', 'output', 'filtered', 'DECODE_FAILED', 'CONTRACT_VIOLATED'),
  delayMs: fc.nat({ max: 20 }),
  traced: fc.boolean(),
});
const shape = fc.constantFrom(counts, { sourcePartitions: 4, outputPartitions: 4, deadLetterPartitions: 1 });
const runs = fc.tuple(fc.array(plan, { minLength: 8, maxLength: 60 }), shape);

describe('judge, for any run', () => {
  test('a valid one is clean', () => {
    fc.assert(
      fc.property(runs, fc.constantFrom('key', 'partition'), ([plans, shape], order) => {
        const run = validRun(plans, shape);
        assertClean(judge({ ...run, expectations: { ...run.expectations, order } }), { allowUncommitted: 0 });
      }),
    );
  });

  test.each(Object.entries<Mutation>(mutations))('%s is found', (_name, { spoil, found }) => {
    let spoilt = 0;
    fc.assert(
      fc.property(runs, fc.nat(), ([plans, shape], pick) => {
        const run = validRun(plans, shape);
        if (!spoil(run, pick)) return;
        spoilt += 1;
        expect(violationsOf(judge(run))).toContain(found);
      }),
    );
    expect(spoilt).toBeGreaterThan(10);
  });
});
