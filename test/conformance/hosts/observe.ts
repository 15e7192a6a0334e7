import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import type { LoggedRecord, TopicLog } from '../../support/ledger/log.ts';
import { readTopics } from '../../support/ledger/reader.ts';
import type { Pipeline } from '../../support/pipeline.ts';
import { writeRecords } from '../../support/pipeline.ts';
import { inputOf, type Observed, type SourceRecord, type Work, type Written } from '../work.ts';
import { neutral } from './neutral.ts';

const chunkBytes = 700_000;
const timeoutMs = 60_000;

/** Writes the records of a work to the source topic, in requests that brokers take. */
export async function writeWork({ topics }: Pipeline, { records }: Pick<Work, 'records'>): Promise<void> {
  let chunk: SourceRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = record.value?.length ?? 0;
    if (bytes + size > chunkBytes) {
      await writeRecords(topics.source, chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(record);
    bytes += size;
  }
  await writeRecords(topics.source, chunk);
}

/** Waits until something was written of each record: for works in which each leads to an output, and nothing is committed. */
export async function untilAllWritten(pipeline: Pipeline, { records }: Work): Promise<void> {
  const untilMs = Date.now() + timeoutMs;
  for (;;) {
    const { outputs, deadLetters } = await observe(pipeline);
    const inputs = new Set([...outputs, ...deadLetters].map((one) => JSON.stringify(inputOf(one))));
    if (inputs.size >= records.length) return;
    if (Date.now() > untilMs) throw new Error(`Of ${records.length} records, ${inputs.size} have led to something`);
    await sleep(200);
  }
}

/** Reads back what came of it. */
export async function observe({ topics }: Pipeline): Promise<Pick<Observed, 'outputs' | 'deadLetters'>> {
  const { source, outputs, deadLetters } = await readTopics(
    inject('bootstrapServers'),
    { source: topics.source, outputs: topics.output, deadLetters: topics.deadLetters },
    { keepValues: true },
  );
  const read = ({ partitions }: TopicLog): Written[] =>
    partitions.flatMap((records, partition) => records.map((record) => written(partition, record, source)));
  return { outputs: read(outputs), deadLetters: read(deadLetters) };
}

function written(partition: number, { key, value, headers }: LoggedRecord, source: TopicLog): Written {
  const timestampOf = (from: number, offset: number) => source.partitions[from]?.[offset]?.timestampMs;
  return { partition, key, value: value?.toString('latin1') ?? null, headers: neutral(headers, timestampOf) };
}
