import type { BrokerConnection } from '../support/kafka/broker.ts';
import type { TopicFacts } from '../support/kafka/cluster-facts.ts';
import { byLeader, type Extent } from '../support/kafka/offsets.ts';

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
const partitionBytes = 1_048_576;
const requestBytes = 16_777_216;
const readBudgetMs = 8_000;

/** Reads the last records of a topic, about `most`, as many of each partition and one at least. Nothing joins a group or moves an offset. */
export async function readTail(
  topic: TopicFacts,
  extents: readonly Extent[],
  most: number,
  nodes: ReadonlyMap<number, BrokerConnection>,
): Promise<Sample> {
  const filled = extents.filter(({ low, end }) => end > low);
  const each = Math.max(1, Math.floor(most / Math.max(1, filled.length)));
  const spans = filled.map(({ partition, low, end }) => ({ partition, from: Math.max(low, end - each), to: end }));
  const wanted = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  const records = await readSpans(topic, most === 0 ? [] : spans, nodes);
  return { records, wanted: most === 0 ? 0 : wanted };
}

/** Reads one record of each partition: the first at or after the given offset. */
export async function readAt(
  topic: TopicFacts,
  offsets: ReadonlyMap<number, number>,
  nodes: ReadonlyMap<number, BrokerConnection>,
): Promise<Map<number, SampledRecord>> {
  const spans = [...offsets].map(([partition, from]) => ({ partition, from, to: from + 1 }));
  const records = await readSpans(topic, spans, nodes);
  return new Map(records.map((record) => [record.partition, record]));
}

interface Span {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

async function readSpans(
  topic: TopicFacts,
  spans: readonly Span[],
  nodes: ReadonlyMap<number, BrokerConnection>,
): Promise<SampledRecord[]> {
  const until = Date.now() + readBudgetMs;
  const perBroker = await Promise.all(
    [...byLeader(topic, nodes)].map(([broker, partitions]) => {
      const own = spans.filter(({ partition }) => partitions.includes(partition));
      return readFrom(broker, topic.name, own, until);
    }),
  );
  return perBroker.flat().sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

async function readFrom(
  broker: BrokerConnection,
  topic: string,
  spans: readonly Span[],
  until: number,
): Promise<SampledRecord[]> {
  const kept: SampledRecord[] = [];
  let open = spans;
  while (open.length > 0 && Date.now() < until) {
    const answer = await broker.ask('Fetch', {
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: requestBytes,
      rackId: '',
      topics: [
        {
          topic,
          partitions: open.map(({ partition, from }) => ({
            partition,
            fetchOffset: String(from),
            maxBytes: partitionBytes,
          })),
        },
      ],
    });
    const fetched = new Map(
      answer.responses.flatMap((response) => response.partitions).map((one) => [one.partition, one]),
    );
    open = open.flatMap((span): Span[] => {
      const { errorCode = 0, messages = [] } = fetched.get(span.partition) ?? {};
      if (errorCode !== 0) return [];
      let next = span.from;
      for (const message of messages) {
        const offset = Number(message.offset);
        if (offset >= span.from && offset < span.to && !message.isControlRecord) {
          kept.push(sampled(span.partition, offset, message));
        }
        next = Math.max(next, offset + 1);
      }
      return next < span.to ? [{ ...span, from: next }] : [];
    });
  }
  return kept;
}

function sampled(
  partition: number,
  offset: number,
  message: { timestamp: string; headers: Readonly<Record<string, Buffer | Buffer[] | null | undefined>> },
): SampledRecord {
  const headers: Record<string, string> = {};
  for (const name of contractHeaders) {
    const value = Object.hasOwn(message.headers, name) ? message.headers[name] : undefined;
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last) headers[name] = last.toString('utf8', 0, clipAt);
  }
  return { partition, offset, timestamp: Number(message.timestamp), headers };
}
