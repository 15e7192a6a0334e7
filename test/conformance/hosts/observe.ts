import { inject } from 'vitest';
import type { LoggedRecord, TopicLog } from '../../support/ledger/log.ts';
import { readTopics } from '../../support/ledger/reader.ts';
import type { Pipeline } from '../../support/pipeline.ts';
import { writeRecords } from '../../support/pipeline.ts';
import type { Observed, Work, Written } from '../work.ts';
import { neutral } from './neutral.ts';

/** Writes the records of a work to the source topic. */
export async function writeWork({ topics }: Pipeline, { records }: Work): Promise<void> {
  const chunk = 500;
  for (let start = 0; start < records.length; start += chunk) {
    await writeRecords(
      topics.source,
      records.slice(start, start + chunk).map((record) => ({ ...record })),
    );
  }
}

/** Reads back what came of it. */
export async function observe({ topics }: Pipeline): Promise<Observed> {
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
