import type { FindingKind } from '../../support/ledger/verdict.ts';
import { append, type Draft, type DraftTopic, type Run, remove } from './run.ts';

/** One way to spoil a run. */
export interface Mutation {
  /** Spoils one record, chosen by `pick`; false when the run has none to spoil in this way. */
  readonly spoil: (run: Run, pick: number) => boolean;
  /** What must be found then. More may be: a lost record is also a commit ahead. */
  readonly found: FindingKind;
}

function any<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(1, items.length)];
}

function one(topic: DraftTopic, pick: number): Draft | undefined {
  return any(topic.partitions.flat(), pick);
}

function change(topic: 'outputs' | 'deadLetters', alter: (record: Draft) => void): Mutation['spoil'] {
  return (run, pick) => {
    const record = one(run[topic], pick);
    if (record) alter(record);
    return record !== undefined;
  };
}

function take(topic: 'outputs' | 'deadLetters'): Mutation['spoil'] {
  return (run, pick) => {
    const doomed = one(run[topic], pick);
    remove(run[topic], (record) => record === doomed);
    return doomed !== undefined;
  };
}

function repeat(topic: 'outputs' | 'deadLetters'): Mutation['spoil'] {
  return (run, pick) => {
    const partition = run[topic].partitions.findIndex((records) => records.length > 0);
    const record = any(run[topic].partitions[partition] ?? [], pick);
    if (record) append(run[topic], partition, { ...record });
    return record !== undefined;
  };
}

export const mutations = {
  'a lost output': { spoil: take('outputs'), found: 'lost' },
  'a lost dead letter': { spoil: take('deadLetters'), found: 'missingDead' },
  'a doubled output': { spoil: repeat('outputs'), found: 'duplicates' },
  'a doubled dead letter': { spoil: repeat('deadLetters'), found: 'duplicates' },
  'a changed key': {
    spoil: change('outputs', (record) => Object.assign(record, { key: `${record.key}0` })),
    found: 'wrongKey',
  },
  'a changed dead letter': {
    spoil: change('deadLetters', (record) => Object.assign(record, { valueHash: 'other' })),
    found: 'wrongBytes',
  },
  'a changed code': {
    spoil: change('deadLetters', (record) => {
      record.headers = { ...record.headers, 'error.code': 'HANDLER_FAILED' };
    }),
    found: 'wrongBytes',
  },
  'a changed source header': {
    spoil: change('outputs', (record) => {
      record.headers = { ...record.headers, source: `${record.headers.source}9999` };
    }),
    found: 'invented',
  },
  'a late append': { spoil: change('outputs', delayAppend), found: 'commitsAhead' },
  'two neighbours of one key swapped': { spoil: swapNeighbours, found: 'reordered' },
  'a moved output': { spoil: moveOutput, found: 'wrongPartition' },
  'a commit that goes back': {
    spoil: (run, pick) => {
      const sample = any(run.commitSamples, pick);
      if (sample) run.commitSamples.push({ ...sample, atMs: Number.MAX_SAFE_INTEGER, offset: sample.offset - 1 });
      return sample !== undefined;
    },
    found: 'commitsBackwards',
  },
} as const satisfies Record<string, Mutation>;

/** The broker got it a millisecond later: after the commit that vouches for it. */
export function delayAppend(record: Draft): void {
  record.timestampMs += 1;
}

function swapNeighbours(run: Run, pick: number): boolean {
  const pairs = run.outputs.partitions.flatMap((records) =>
    records.flatMap((record) => {
      const next = records.find((other) => other.offset > record.offset && other.key === record.key);
      return next && record.key !== null ? [[record, next] as const] : [];
    }),
  );
  const pair = any(pairs, pick);
  if (!pair) return false;
  const [{ valueHash, headers }, next] = pair;
  Object.assign(pair[0], { valueHash: next.valueHash, headers: next.headers });
  Object.assign(next, { valueHash, headers });
  return true;
}

function moveOutput(run: Run, pick: number): boolean {
  const from = run.outputs.partitions.findIndex((records) => records.length > 0);
  const record = any(run.outputs.partitions[from] ?? [], pick);
  if (!record) return false;
  remove(run.outputs, (other) => other === record);
  append(run.outputs, from + 1, record);
  return true;
}
