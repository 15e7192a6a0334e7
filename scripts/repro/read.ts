import type { Target } from '../doctor/target.ts';
import { CommandError } from '../support/command.ts';
import type { BrokerConnection } from '../support/kafka/broker.ts';
import { openClusterFacts, type TopicFacts, UnreachableError } from '../support/kafka/cluster-facts.ts';
import { openConnections } from '../support/kafka/connections.ts';
import { byLeader, type Extent, readExtents } from '../support/kafka/offsets.ts';
import type { Choice } from './options.ts';

/** A record as the broker holds it. Nothing in it is to be trusted. */
export interface StoredRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | (Buffer | null)[] | null | undefined>>;
}

/** How far back a key is looked for. */
const searchedPerPartition = 1_000;
const readBudgetMs = 15_000;
const partitionBytes = 1_048_576;
const requestBytes = 16_777_216;

/**
 * Reads one record of the dead-letter topic. Nothing joins a group or moves an offset.
 * @throws CommandError when there is no such record, or nobody to ask
 */
export async function readRecord(target: Target, choice: Choice): Promise<StoredRecord> {
  const name = target.deadLetterTopic;
  const connections = openConnections(target.security);
  try {
    const { facts, nodes } = await openClusterFacts(connections, target.bootstrapServers, [name]);
    const topic = facts.topics.find((one) => one.name === name);
    if (topic === undefined || topic.error !== undefined) {
      throw new CommandError(`topic ${name} cannot be read: ${topic?.error ?? 'no broker knows it'}`);
    }
    const extents = await readExtents(topic, nodes);
    return choice.kind === 'at' ? await at(topic, extents, nodes, choice) : await newest(topic, extents, nodes, choice);
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    const tried = error.attempts.map(({ address, trouble }) => `${address}: ${trouble.cause} ${trouble.remedy}`);
    throw new CommandError(`no broker answers.\n  ${tried.join('\n  ')}`);
  } finally {
    await connections.close();
  }
}

type Nodes = ReadonlyMap<number, BrokerConnection>;

async function at(
  topic: TopicFacts,
  extents: readonly Extent[],
  nodes: Nodes,
  { partition, offset }: Choice & { kind: 'at' },
): Promise<StoredRecord> {
  if (!topic.partitions.some((one) => one.partition === partition)) {
    throw new CommandError(`${topic.name} has partitions 0 to ${topic.partitions.length - 1}, and no ${partition}`);
  }
  const held = extents.find((one) => one.partition === partition);
  if (held === undefined) throw new CommandError(`the leader of ${topic.name}/${partition} does not answer`);
  const { low, end } = held;
  const holds = low === end ? 'is empty' : `holds offsets ${low} to ${end - 1}`;
  let found: StoredRecord | undefined;
  if (offset >= low && offset < end) {
    await scan(topic, [{ partition, low: offset, end: offset + 1 }], nodes, (record) => {
      found = record;
    });
  }
  if (found === undefined) throw new CommandError(`there is no ${topic.name}/${partition}/${offset}: it ${holds}`);
  return found;
}

async function newest(
  topic: TopicFacts,
  extents: readonly Extent[],
  nodes: Nodes,
  { key }: Choice & { kind: 'latest' },
): Promise<StoredRecord> {
  const back = key === undefined ? 1 : searchedPerPartition;
  const tails = extents.map((one) => ({ ...one, low: Math.max(one.low, one.end - back) }));
  const wanted = key === undefined ? undefined : Buffer.from(key);
  let found: StoredRecord | undefined;
  await scan(topic, tails, nodes, (record) => {
    if (wanted !== undefined && record.key?.equals(wanted) !== true) return;
    if (found === undefined || record.timestamp >= found.timestamp) found = record;
  });
  if (found !== undefined) return found;
  if (key === undefined) throw new CommandError(`${topic.name} is empty`);
  const where = `the last ${searchedPerPartition} records of each partition of ${topic.name}`;
  throw new CommandError(`none of ${where} has the key ${JSON.stringify(key)}`);
}

/** Reads extents to their ends, in order of offset. */
async function scan(
  topic: TopicFacts,
  extents: readonly Extent[],
  nodes: Nodes,
  onRecord: (record: StoredRecord) => void,
): Promise<void> {
  const until = Date.now() + readBudgetMs;
  for (const [broker, led] of byLeader(topic, nodes)) {
    let open = extents.filter(({ partition, low, end }) => led.includes(partition) && low < end);
    while (open.length > 0) {
      if (Date.now() > until) throw new CommandError(`${topic.name} was not read within ${readBudgetMs / 1_000} s`);
      const partitions = open.map(({ partition, low }) => ({
        ...{ partition, fetchOffset: String(low), maxBytes: partitionBytes },
      }));
      const answer = await broker.ask('Fetch', {
        ...{ maxWaitTime: 500, minBytes: 1, maxBytes: requestBytes, rackId: '' },
        topics: [{ topic: topic.name, partitions }],
      });
      const fetched = answer.responses.flatMap((response) => response.partitions);
      open = open.flatMap(({ partition, low, end }) => {
        let next = low;
        for (const message of fetched.find((one) => one.partition === partition)?.messages ?? []) {
          const offset = Number(message.offset);
          if (offset >= low && offset < end && !message.isControlRecord) {
            onRecord(stored(topic.name, partition, offset, message));
          }
          next = Math.max(next, offset + 1);
        }
        return next < end ? [{ partition, low: next, end }] : [];
      });
    }
  }
}

function stored(topic: string, partition: number, offset: number, message: object): StoredRecord {
  const { timestamp, key, value, headers } = message as Omit<StoredRecord, 'timestamp'> & { timestamp: string }; // what kafkajs decodes
  return { topic, partition, offset, timestamp: Number(timestamp), key, value, headers };
}
