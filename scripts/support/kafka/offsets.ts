import { type BrokerConnection, errorName } from './broker.ts';
import type { TopicFacts } from './cluster-facts.ts';

/** The records that a partition holds: from `low` on, and up to before `end`. */
export interface Extent {
  readonly partition: number;
  readonly low: number;
  readonly end: number;
}

const earliest = -2;
const latest = -1;

/** The partitions of a topic by the connection to their leader; those whose leader does not answer are left out. */
export function byLeader(
  topic: TopicFacts,
  nodes: ReadonlyMap<number, BrokerConnection>,
): Map<BrokerConnection, number[]> {
  const grouped = new Map<BrokerConnection, number[]>();
  for (const { partition, leader } of topic.partitions) {
    const broker = nodes.get(leader);
    if (broker) grouped.set(broker, [...(grouped.get(broker) ?? []), partition]);
  }
  return grouped;
}

/**
 * The extents of all partitions that have a leader to ask, in order of partition. `committed`: up to the first record of
 * a transaction that is not decided, which is as far as a reader of committed records gets.
 */
export async function readExtents(
  topic: TopicFacts,
  nodes: ReadonlyMap<number, BrokerConnection>,
  committed = false,
): Promise<Extent[]> {
  const perBroker = await Promise.all(
    [...byLeader(topic, nodes)].map(async ([broker, partitions]) => {
      const low = await listOffsets(broker, topic.name, partitions, earliest);
      const end = await listOffsets(broker, topic.name, partitions, latest, committed ? 1 : 0);
      return partitions.flatMap((partition) => {
        const from = low.get(partition);
        const to = end.get(partition);
        return from === undefined || to === undefined ? [] : [{ partition, low: from, end: to }];
      });
    }),
  );
  return perBroker.flat().sort((a, b) => a.partition - b.partition);
}

/**
 * The offset of the first record at or after a time (milliseconds since the epoch), by partition; partitions whose
 * records are all older have none. Partitions without a leader to ask are left out, as with `readExtents`.
 */
export async function offsetsAtTime(
  topic: TopicFacts,
  nodes: ReadonlyMap<number, BrokerConnection>,
  atMs: number,
): Promise<Map<number, number | undefined>> {
  const perBroker = await Promise.all(
    [...byLeader(topic, nodes)].map(([broker, partitions]) => listOffsets(broker, topic.name, partitions, atMs)),
  );
  return new Map(perBroker.flatMap((found) => [...found].map(([at, offset]) => [at, offset < 0 ? undefined : offset])));
}

async function listOffsets(
  broker: BrokerConnection,
  topic: string,
  partitions: readonly number[],
  timestamp: number,
  isolationLevel: 0 | 1 = 0,
): Promise<Map<number, number>> {
  const { responses } = await broker.ask('ListOffsets', {
    replicaId: -1,
    isolationLevel,
    topics: [{ topic, partitions: partitions.map((partition) => ({ partition, timestamp })) }],
  });
  const answers = responses.flatMap((response) => response.partitions);
  return new Map(
    answers.filter(({ errorCode }) => errorCode === 0).map(({ partition, offset }) => [partition, Number(offset)]),
  );
}

/** The committed offsets of a group, by partition; partitions without a commit are left out. */
export async function readCommitted(
  coordinator: BrokerConnection,
  groupId: string,
  topic: TopicFacts,
): Promise<Map<number, number>> {
  const { errorCode, responses } = await coordinator.ask('OffsetFetch', {
    groupId,
    topics: [{ topic: topic.name, partitions: topic.partitions.map(({ partition }) => ({ partition })) }],
  });
  const refused = errorName(errorCode) ?? errorName(responses[0]?.partitions.find((one) => one.errorCode)?.errorCode);
  if (refused !== undefined) throw new Error(refused);
  const committed = new Map<number, number>();
  for (const { partition, offset } of responses.flatMap((response) => response.partitions)) {
    if (Number(offset) >= 0) committed.set(partition, Number(offset));
  }
  return committed;
}
