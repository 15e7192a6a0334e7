import type { FetchedRecord } from 'kafkajs/src/protocol/requests/index.js';
import type { BrokerConnection } from '../support/kafka/broker.ts';
import type { TopicFacts } from '../support/kafka/cluster-facts.ts';
import type { Extent } from '../support/kafka/offsets.ts';
import { readSpans, type Span, tailSpans } from '../support/kafka/spans.ts';

/** What is kept of a record that was read back. */
export interface SampledRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The headers that the contract names, as text, each clipped. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The last records of a topic, in order of partition and offset. */
export interface Sample {
  readonly records: readonly SampledRecord[];
  /** How many were to be read. Fewer came when time ran out. */
  readonly wanted: number;
}

const contractHeaders = ['source', 'error.code', 'error.message', 'error.topic', 'error.partition', 'error.offset'];
const clipAt = 512;

/** Reads the last records of a topic, about `most`, as many of each partition and one at least. */
export async function readTail(
  topic: TopicFacts,
  extents: readonly Extent[],
  most: number,
  nodes: ReadonlyMap<number, BrokerConnection>,
): Promise<Sample> {
  const spans = tailSpans(extents, most);
  const wanted = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  return { records: await readSampled(topic, spans, nodes), wanted };
}

/** Reads one record of each partition: the first at or after the given offset. */
export async function readAt(
  topic: TopicFacts,
  offsets: ReadonlyMap<number, number>,
  nodes: ReadonlyMap<number, BrokerConnection>,
): Promise<Map<number, SampledRecord>> {
  const spans = [...offsets].map(([partition, from]) => ({ partition, from, to: from + 1 }));
  const records = await readSampled(topic, spans, nodes);
  return new Map(records.map((record) => [record.partition, record]));
}

async function readSampled(
  topic: TopicFacts,
  spans: readonly Span[],
  nodes: ReadonlyMap<number, BrokerConnection>,
): Promise<SampledRecord[]> {
  const records = await readSpans(topic, spans, nodes, sampled);
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

function sampled(partition: number, message: FetchedRecord): SampledRecord {
  const headers: Record<string, string> = {};
  for (const name of contractHeaders) {
    const value = Object.hasOwn(message.headers, name) ? message.headers[name] : undefined;
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last) headers[name] = last.toString('utf8', 0, clipAt);
  }
  return { partition, offset: Number(message.offset), timestamp: Number(message.timestamp), headers };
}
