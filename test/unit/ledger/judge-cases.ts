import type { Fate } from '../../support/ledger/log.ts';
import type { FindingKind } from '../../support/ledger/verdict.ts';
import { delayAppend } from './mutations.ts';
import { append, type Draft, deadHeaders, type Plan, type Run, remove, validRun } from './run.ts';

export const counts = { sourcePartitions: 4, outputPartitions: 2, deadLetterPartitions: 2 };

/** Four partitions of two keys; in each, by offset: out, out, filtered, dead, out, out. Keys take turns. */
export function exampleRun(): Run {
  const fates = ['output', 'output', 'filtered', 'CONTRACT_VIOLATED', 'output', 'output'] as const;
  const plans = fates.flatMap((fate, step) =>
    [0, 1, 2, 3].map((partition): Plan => ({ partition, key: step % 2, fate, delayMs: 5, traced: step === 0 })),
  );
  return validRun(plans, counts);
}

/** The record of a topic that comes from this source offset. */
export function from(run: Run, topic: 'outputs' | 'deadLetters', partition: number, offset: number): Draft {
  const source = `raw/${partition}/${offset}`;
  for (const record of run[topic].partitions.flat()) {
    const { headers } = record;
    if (headers.source === source) return record;
    if (headers['error.partition'] === String(partition) && headers['error.offset'] === String(offset)) return record;
  }
  throw new Error(`${source} is not in the ${topic}`);
}

/** Exchanges what two records hold, but not their places. */
export function swap(one: Draft, other: Draft): void {
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

export const cases: readonly Case[] = [
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
