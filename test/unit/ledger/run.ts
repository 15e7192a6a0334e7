import type { Evidence, Expectations } from '../../support/ledger/judge.ts';
import type { CommitSample, Fate, LoggedRecord } from '../../support/ledger/log.ts';

/** A record that a test may change. */
export type Draft = { -readonly [Field in keyof LoggedRecord]: LoggedRecord[Field] };
export type DraftTopic = { readonly topic: string; readonly partitions: Draft[][] };

/** A run that a test may spoil: `judge` takes it as it is. */
export interface Run extends Evidence {
  readonly source: DraftTopic;
  readonly outputs: DraftTopic;
  readonly deadLetters: DraftTopic;
  readonly commitSamples: CommitSample[];
  expectations: Expectations;
}

/** A source record to be: its partition, its key within it (`null` for none), what becomes of it, and when it is done. */
export interface Plan {
  readonly partition: number;
  readonly key: number | null;
  readonly fate: Fate;
  /** Milliseconds from the record before it to the append of what it causes. */
  readonly delayMs: number;
  readonly traced: boolean;
}

export interface Counts {
  readonly sourcePartitions: number;
  readonly outputPartitions: number;
  readonly deadLetterPartitions: number;
}

const startMs = 1_795_000_000_000;

/** The log of a run in which all went well, each record done and committed in its turn. */
export function validRun(plans: readonly Plan[], counts: Counts): Run {
  const source = draftTopic('raw', counts.sourcePartitions);
  const outputs = draftTopic('out', counts.outputPartitions);
  const deadLetters = draftTopic('dlq', counts.deadLetterPartitions);
  const commitSamples: CommitSample[] = [];
  const fates = new Map<string | null, Fate>();
  let atMs = startMs;
  for (const [sequence, { partition, key, fate, delayMs, traced }] of plans.entries()) {
    const valueHash = `in-${sequence}`;
    fates.set(valueHash, fate);
    const record: Draft = {
      offset: 0,
      timestampMs: startMs + sequence,
      key: key === null ? null : String(partition + counts.sourcePartitions * key),
      valueHash,
      headers: traced ? { traceparent: `trace-${sequence}` } : {},
    };
    append(source, partition, record);
    atMs += delayMs;
    if (fate === 'output') {
      const headers = { ...record.headers, source: `raw/${partition}/${record.offset}` };
      append(outputs, partition, { ...record, timestampMs: atMs, valueHash: `out-${sequence}`, headers });
    } else if (fate !== 'filtered') {
      append(deadLetters, partition, { ...record, timestampMs: atMs, headers: deadHeaders(record, partition, fate) });
    }
    commitSamples.push({ atMs, partition, offset: record.offset + 1 });
  }
  const expectations = { fateOf: ({ valueHash }: LoggedRecord) => fates.get(valueHash), clockGranularityMs: 0 };
  return { source, outputs, deadLetters, commitSamples, expectations };
}

/** Adds a record to the partition that the contract gives it, at the next offset. */
export function append({ partitions }: DraftTopic, sourcePartition: number, record: Draft): Draft {
  const records = partitions[sourcePartition % partitions.length] ?? [];
  record.offset = (records.at(-1)?.offset ?? -1) + 1;
  records.push(record);
  return record;
}

export function deadHeaders(record: LoggedRecord, partition: number, code: string): LoggedRecord['headers'] {
  return {
    ...record.headers,
    'error.code': code,
    'error.message': 'spot.ltp must be above 0',
    'error.function': 'processor',
    'error.attempts': '1',
    'error.topic': 'raw',
    'error.partition': String(partition),
    'error.offset': String(record.offset),
    'error.timestamp': String(record.timestampMs),
  };
}

/** Takes records out and closes the gap, as a topic has none. */
export function remove({ partitions }: DraftTopic, doomed: (record: LoggedRecord) => boolean): void {
  for (const [partition, records] of partitions.entries()) {
    partitions[partition] = records
      .filter((record) => !doomed(record))
      .map((record, offset) => ({ ...record, offset }));
  }
}

function draftTopic(topic: string, partitions: number): DraftTopic {
  return { topic, partitions: Array.from({ length: partitions }, () => []) };
}
