import type { FetchedRecord } from 'kafkajs/src/protocol/requests/index.js';
import type { BrokerConnection } from './broker.ts';
import type { TopicFacts } from './cluster-facts.ts';
import { byLeader, type Extent } from './offsets.ts';

/** Records of one partition: from an offset on, and up to before another. */
export interface Span {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

const partitionBytes = 1_048_576;
const requestBytes = 16_777_216;
const readBudgetMs = 8_000;

/** The last records of a topic, about `most`, as many of each partition and one at least. */
export function tailSpans(extents: readonly Extent[], most: number): Span[] {
  if (most === 0) return [];
  const filled = extents.filter(({ low, end }) => end > low);
  const each = Math.max(1, Math.floor(most / Math.max(1, filled.length)));
  return filled.map(({ partition, low, end }) => ({ partition, from: Math.max(low, end - each), to: end }));
}

/**
 * Reads spans of a topic and keeps of each record what `take` makes of it, in order within a partition. Ends early when
 * time runs out. Nothing joins a group or moves an offset.
 */
export async function readSpans<Taken>(
  topic: TopicFacts,
  spans: readonly Span[],
  nodes: ReadonlyMap<number, BrokerConnection>,
  take: (partition: number, record: FetchedRecord) => Taken,
): Promise<Taken[]> {
  const until = Date.now() + readBudgetMs;
  const perBroker = await Promise.all(
    [...byLeader(topic, nodes)].map(([broker, partitions]) => {
      const own = spans.filter(({ partition }) => partitions.includes(partition));
      return readFrom(broker, topic.name, own, until, take);
    }),
  );
  return perBroker.flat();
}

async function readFrom<Taken>(
  broker: BrokerConnection,
  topic: string,
  spans: readonly Span[],
  until: number,
  take: (partition: number, record: FetchedRecord) => Taken,
): Promise<Taken[]> {
  const kept: Taken[] = [];
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
          kept.push(take(span.partition, message));
        }
        next = Math.max(next, offset + 1);
      }
      return next < span.to ? [{ ...span, from: next }] : [];
    });
  }
  return kept;
}
