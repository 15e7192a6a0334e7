import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assertClean, describeVerdict, violationsOf } from '../../support/ledger/format.ts';
import { judge } from '../../support/ledger/judge.ts';
import type { Fate } from '../../support/ledger/log.ts';
import type { FindingKind } from '../../support/ledger/verdict.ts';
import { delayAppend, type Mutation, mutations } from './mutations.ts';
import { append, type Draft, deadHeaders, type Plan, type Run, remove, validRun } from './run.ts';

const counts = { sourcePartitions: 4, outputPartitions: 2, deadLetterPartitions: 2 };

/** Four partitions of two keys; in each, by offset: out, out, filtered, dead, out, out. Keys take turns. */
function exampleRun(): Run {
  const fates = ['output', 'output', 'filtered', 'CONTRACT_VIOLATED', 'output', 'output'] as const;
  const plans = fates.flatMap((fate, step) =>
    [0, 1, 2, 3].map((partition): Plan => ({ partition, key: step % 2, fate, delayMs: 5, traced: step === 0 })),
  );
  return validRun(plans, counts);
}

/** The record of a topic that comes from this source offset. */
function from(run: Run, topic: 'outputs' | 'deadLetters', partition: number, offset: number): Draft {
  const source = `raw/${partition}/${offset}`;
  for (const record of run[topic].partitions.flat()) {
    const { headers } = record;
    if (headers.source === source) return record;
    if (headers['error.partition'] === String(partition) && headers['error.offset'] === String(offset)) return record;
  }
  throw new Error(`${source} is not in the ${topic}`);
}

/** Exchanges what two records hold, but not their places. */
function swap(one: Draft, other: Draft): void {
  const { key, valueHash, headers } = one;
  Object.assign(one, { key: other.key, valueHash: other.valueHash, headers: other.headers });
  Object.assign(other, { key, valueHash, headers });
}

function without(record: Draft, name: string): void {
  record.headers = Object.fromEntries(Object.entries(record.headers).filter(([header]) => header !== name));
}

/** Says that the run should have come to something else at this source record. */
function makeDue(run: Run, partition: number, offset: number, fate: Fate): void {
  const { fateOf } = run.expectations;
  const record = run.source.partitions[partition]?.[offset];
  run.expectations = { ...run.expectations, fateOf: (other, from) => (other === record ? fate : fateOf(other, from)) };
}

interface Case {
  readonly what: string;
  readonly spoil: (run: Run) => void;
  readonly found: readonly FindingKind[];
  readonly order?: 'key' | 'partition';
}

const cases: readonly Case[] = [
  {
    what: 'an output is missing',
    spoil: (run) => {
      remove(run.outputs, ({ headers }) => headers.source === 'raw/1/5');
      run.commitSamples.splice(0);
    },
    found: ['lost'],
  },
  {
    what: 'an output is missing and its source is committed',
    spoil: (run) => remove(run.outputs, ({ headers }) => headers.source === 'raw/1/5'),
    found: ['lost', 'commitsAhead'],
  },
  {
    what: 'an output names an offset past the end',
    spoil: (run) => void append(run.outputs, 1, { ...from(run, 'outputs', 1, 5), headers: { source: 'raw/1/6' } }),
    found: ['invented'],
  },
  {
    what: 'an output names another topic',
    spoil: (run) => void append(run.outputs, 1, { ...from(run, 'outputs', 1, 5), headers: { source: 'rax/1/5' } }),
    found: ['invented'],
  },
  {
    what: 'an output more has no source',
    spoil: (run) => void append(run.outputs, 1, { ...from(run, 'outputs', 1, 5), headers: {} }),
    found: ['invented'],
  },
  {
    what: 'a source header is not a plain decimal',
    spoil: (run) => void append(run.outputs, 1, { ...from(run, 'outputs', 1, 5), headers: { source: 'raw/1/05' } }),
    found: ['invented'],
  },
  {
    what: 'the only output has no source',
    spoil: (run) => {
      without(from(run, 'outputs', 1, 5), 'source');
      run.commitSamples.splice(0);
    },
    found: ['lost', 'invented'],
  },
  {
    what: 'an output comes twice',
    spoil: (run) => void append(run.outputs, 1, { ...from(run, 'outputs', 1, 1) }),
    found: ['duplicates'],
  },
  {
    what: 'a stretch is delivered again, in order',
    spoil: (run) => {
      for (const offset of [0, 1, 4, 5]) append(run.outputs, 1, { ...from(run, 'outputs', 1, offset) });
    },
    found: ['duplicates'],
  },
  {
    what: 'a duplicate has other bytes',
    spoil: (run) => void append(run.outputs, 1, { ...from(run, 'outputs', 1, 1), valueHash: 'other' }),
    found: ['duplicates', 'wrongBytes'],
  },
  {
    what: 'a dead letter comes twice',
    spoil: (run) => void append(run.deadLetters, 1, { ...from(run, 'deadLetters', 1, 3) }),
    found: ['duplicates'],
  },
  {
    what: 'two records of a key change places',
    spoil: (run) => {
      run.commitSamples.splice(0);
      swap(from(run, 'outputs', 1, 1), from(run, 'outputs', 1, 5));
    },
    found: ['reordered'],
  },
  {
    what: 'two records of different keys change places, and keys are all that matters',
    spoil: (run) => {
      run.commitSamples.splice(0);
      swap(from(run, 'outputs', 1, 4), from(run, 'outputs', 1, 5));
    },
    found: [],
  },
  {
    what: 'two records of different keys change places, and partitions matter',
    spoil: (run) => {
      run.commitSamples.splice(0);
      swap(from(run, 'outputs', 1, 4), from(run, 'outputs', 1, 5));
    },
    found: ['reordered'],
    order: 'partition',
  },
  {
    what: 'records of two source partitions that share an output partition change places',
    spoil: (run) => {
      run.commitSamples.splice(0);
      swap(from(run, 'outputs', 1, 5), from(run, 'outputs', 3, 5));
    },
    found: [],
    order: 'partition',
  },
  {
    what: 'an output is in a wrong partition',
    spoil: (run) => {
      const record = from(run, 'outputs', 1, 5);
      remove(run.outputs, ({ headers }) => headers.source === 'raw/1/5');
      append(run.outputs, 0, record);
    },
    found: ['wrongPartition'],
  },
  {
    what: 'a dead letter is in a wrong partition',
    spoil: (run) => {
      const record = from(run, 'deadLetters', 1, 3);
      remove(run.deadLetters, (other) => other === record);
      append(run.deadLetters, 2, record);
    },
    found: ['wrongPartition'],
  },
  {
    what: 'an output has another key',
    spoil: (run) => Object.assign(from(run, 'outputs', 1, 5), { key: '1' }),
    found: ['wrongKey'],
  },
  {
    what: 'an output lost its key',
    spoil: (run) => Object.assign(from(run, 'outputs', 1, 5), { key: null }),
    found: ['wrongKey'],
  },
  {
    what: 'an output lost its traceparent',
    spoil: (run) => without(from(run, 'outputs', 1, 0), 'traceparent'),
    found: ['wrongBytes'],
  },
  {
    what: 'a dead letter has another value',
    spoil: (run) => Object.assign(from(run, 'deadLetters', 1, 3), { valueHash: 'other' }),
    found: ['wrongBytes'],
  },
  {
    what: 'a dead letter turned an empty value into none',
    spoil: (run) => Object.assign(from(run, 'deadLetters', 1, 3), { valueHash: null }),
    found: ['wrongBytes'],
  },
  {
    what: 'a dead letter has another key',
    spoil: (run) => Object.assign(from(run, 'deadLetters', 1, 3), { key: null }),
    found: ['wrongBytes'],
  },
  {
    what: 'a dead letter has a header of its own',
    spoil: (run) => {
      const record = from(run, 'deadLetters', 1, 3);
      record.headers = { ...record.headers, source: 'raw/1/3' };
    },
    found: ['wrongBytes'],
  },
  ...['code', 'message', 'function', 'attempts', 'timestamp'].map(
    (name): Case => ({
      what: `a dead letter has no error.${name}`,
      spoil: (run) => without(from(run, 'deadLetters', 1, 3), `error.${name}`),
      found: ['wrongBytes'],
    }),
  ),
  ...['topic', 'partition', 'offset'].map(
    (name): Case => ({
      what: `a dead letter more has no error.${name}`,
      spoil: (run) => {
        const copy = append(run.deadLetters, 1, { ...from(run, 'deadLetters', 1, 3) });
        without(copy, `error.${name}`);
      },
      found: ['invented'],
    }),
  ),
  {
    what: 'a dead letter has the wrong code',
    spoil: (run) => {
      const record = from(run, 'deadLetters', 1, 3);
      record.headers = { ...record.headers, 'error.code': 'DECODE_FAILED' };
    },
    found: ['wrongBytes'],
  },
  {
    what: 'a dead letter has a message of two lines',
    spoil: (run) => {
      const record = from(run, 'deadLetters', 1, 3);
      record.headers = { ...record.headers, 'error.message': 'one\ntwo' };
    },
    found: ['wrongBytes'],
  },
  {
    what: 'a good record has a dead letter beside its output',
    spoil: (run) => {
      const record = { ...(run.source.partitions[1]?.[5] ?? exampleRecord), timestampMs: 0 };
      const headers = deadHeaders({ ...record, timestampMs: sourceTime(run, 1, 5) }, 1, 'HANDLER_FAILED');
      append(run.deadLetters, 1, { ...record, headers });
    },
    found: ['unexpectedDead'],
  },
  {
    what: 'a good record has a dead letter instead of its output',
    spoil: (run) => {
      const { timestampMs } = from(run, 'outputs', 1, 5);
      remove(run.outputs, ({ headers }) => headers.source === 'raw/1/5');
      const record = run.source.partitions[1]?.[5] ?? exampleRecord;
      append(run.deadLetters, 1, { ...record, timestampMs, headers: deadHeaders(record, 1, 'HANDLER_FAILED') });
    },
    found: ['unexpectedDead'],
  },
  {
    what: 'a dead letter is missing',
    spoil: (run) => {
      const doomed = from(run, 'deadLetters', 1, 3);
      remove(run.deadLetters, (record) => record === doomed);
      run.commitSamples.splice(0);
    },
    found: ['missingDead'],
  },
  {
    what: 'a bad record has an output instead of its dead letter',
    spoil: (run) => makeDue(run, 1, 5, 'DECODE_FAILED'),
    found: ['unexpectedOutput', 'missingDead'],
  },
  {
    what: 'a record that should be filtered has an output',
    spoil: (run) => makeDue(run, 1, 5, 'filtered'),
    found: ['unexpectedOutput'],
  },
  {
    what: 'a record that should be filtered has a dead letter',
    spoil: (run) => makeDue(run, 1, 3, 'filtered'),
    found: ['unexpectedDead'],
  },
  {
    what: 'a filtered record should have had an output',
    spoil: (run) => {
      makeDue(run, 1, 2, 'output');
      run.commitSamples.splice(0);
    },
    found: ['lost'],
  },
  {
    what: 'a commit is one ahead',
    spoil: (run) => {
      // The commit of offset 5 in the place of the one before it.
      const index = run.commitSamples.findIndex(({ partition, offset }) => partition === 1 && offset === 5);
      const sample = run.commitSamples[index];
      if (sample) run.commitSamples[index] = { ...sample, offset: 6 };
    },
    found: ['commitsAhead'],
  },
  {
    what: 'a commit comes a millisecond before the append',
    spoil: (run) => delayAppend(from(run, 'outputs', 1, 4)),
    found: ['commitsAhead'],
  },
  {
    what: 'a commit is past the end',
    spoil: (run) => void run.commitSamples.push({ atMs: Number.MAX_SAFE_INTEGER, partition: 1, offset: 7 }),
    found: ['commitsAhead'],
  },
  {
    what: 'a commit goes back',
    spoil: (run) => void run.commitSamples.push({ atMs: Number.MAX_SAFE_INTEGER, partition: 1, offset: 5 }),
    found: ['commitsBackwards'],
  },
  {
    what: 'the commits of a partition are gone',
    spoil: (run) => void run.commitSamples.push({ atMs: Number.MAX_SAFE_INTEGER, partition: 1, offset: -1 }),
    found: ['commitsBackwards'],
  },
];

const exampleRecord: Draft = { offset: 0, timestampMs: 0, key: null, valueHash: null, headers: {} };

function sourceTime(run: Run, partition: number, offset: number): number {
  return run.source.partitions[partition]?.[offset]?.timestampMs ?? 0;
}

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
