import { CommandError } from '../support/command.ts';
import type { BrokerConnection } from '../support/kafka/broker.ts';
import type { TopicFacts } from '../support/kafka/cluster-facts.ts';
import { type FetchBounds, fetchRound } from '../support/kafka/fetch-round.ts';
import { readExtents } from '../support/kafka/offsets.ts';
import type { RawRecord } from '../support/kafka/raw-records.ts';

type Nodes = ReadonlyMap<number, BrokerConnection>;

/** Records of one partition: from an offset on, and up to before another. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

const stallMs = 20_000;

/** All that is committed in a topic now, by partition. */
export async function wholeExtent(topic: TopicFacts, nodes: Nodes): Promise<Map<number, Stretch>> {
  const extents = await readExtents(topic, nodes, true);
  if (extents.length < topic.partitions.length) {
    throw new CommandError(`not every leader of ${topic.name} says what it holds: try again, or see npm run doctor`);
  }
  return new Map(extents.map(({ partition, low, end }) => [partition, { from: low, to: end }]));
}

/**
 * Reads stretches of a topic, in order within a partition, and only what is committed. Nothing joins a group or moves an
 * offset. A record is a view of its response: who keeps it copies it. `thrift`: where little is wanted of much.
 * @throws PassingError
 * @throws CommandError when something cannot be read, or nothing comes for 20 s
 */
export async function scan(
  topic: TopicFacts,
  nodes: Nodes,
  stretches: ReadonlyMap<number, Stretch>,
  onRecord: (partition: number, record: RawRecord) => void,
  thrift: Pick<FetchBounds, 'partitionBytes' | 'budget'> = {},
): Promise<void> {
  const bounds = { ...thrift, ends: new Map([...stretches].map(([at, { to }]) => [at, to])) };
  const open = new Map([...stretches].filter(([, { from, to }]) => from < to).map(([at, { from }]) => [at, from]));
  let movedAt = Date.now();
  while (open.size > 0) {
    for (const [partition, { records, next }] of await fetchRound(topic, nodes, open, 200, undefined, bounds)) {
      const to = stretches.get(partition)?.to ?? 0;
      for (const record of records) onRecord(partition, record);
      if (next > (open.get(partition) ?? 0)) movedAt = Date.now();
      if (next >= to) open.delete(partition);
      else open.set(partition, next);
    }
    if (open.size > 0 && thrift.budget !== undefined && thrift.budget.left <= 0) {
      throw new CommandError(`${topic.name} inflates to more than is made of it here`);
    }
    if (Date.now() - movedAt > stallMs) {
      throw new CommandError(`nothing more of ${topic.name} comes, and it is not read to its end: see npm run doctor`);
    }
  }
}
