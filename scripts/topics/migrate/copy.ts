import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../../support/command.ts';
import type { BrokerConnection } from '../../support/kafka/broker.ts';
import type { TopicFacts } from '../../support/kafka/cluster-facts.ts';
import { fetchRound, PassingError } from '../../support/kafka/fetch-round.ts';
import { readExtents } from '../../support/kafka/offsets.ts';
import type { RawFetch, RawRecord } from '../../support/kafka/raw-records.ts';
import { printable } from '../../support/words.ts';
import type { Checkpoint } from './checkpoint.ts';
import { childrenOf, placeOf, type Split } from './place.ts';
import { openWriter } from './writer.ts';

const beginAgain = 'Delete the new topic and begin again';

type Nodes = ReadonlyMap<number, BrokerConnection>;

/** One old partition on its way. */
interface Lane {
  readonly partition: number;
  next: number;
  /** Records that are in the new topic, by its partition: the next one lands at this offset. */
  readonly copied: Map<number, number>;
  /** Records found there beyond the checkpoint, by partition: what is read next must be these, and is not written. */
  readonly ahead: Map<number, RawRecord[]>;
}

/** A copy of a topic into one with more partitions, which can be taken up again wherever it was left. */
export interface Copy {
  /** Copies what one round of fetches brings, or so many records of it; resolves to the number that were written. */
  round(maxWaitMs: number, most?: number): Promise<number>;
  /** Records of the old topic that are not copied, given where its partitions end. */
  behind(ends: ReadonlyMap<number, number>): number;
  checkpoints(): Map<number, Checkpoint>;
  /** Records in a partition of the new topic. */
  copied(partition: number): number;
  /** Records that were there already, past the checkpoint, when the copy was taken up. */
  readonly resumed: number;
  /** @throws CommandError when the new topic has more than the old one has */
  checkNothingAhead(): void;
}

/** The topics, and connections to read and to write: a fetch that waits holds up no write. */
export interface CopyBetween {
  readonly old: TopicFacts;
  readonly new: TopicFacts;
  readonly readers: Nodes;
  readonly writers: Nodes;
  /** Whether the new topic keeps a record's own timestamp. */
  readonly keepsTimestamps: boolean;
  /** How long nothing may arrive in the new topic before it counts as what an interrupted copy left. */
  readonly settleMs: number;
}

/**
 * Takes a copy up at its checkpoints. What the new topic holds beyond them was written before an interruption: it is
 * read back, compared with what is read again, and not written twice.
 * @throws CommandError when the new topic holds less than the checkpoints say
 */
export async function openCopy(between: CopyBetween, checkpoints: ReadonlyMap<number, Checkpoint>): Promise<Copy> {
  const split: Split = { old: between.old.partitions.length, new: between.new.partitions.length };
  const found = await readAhead(between, checkpoints);
  const writer = await openWriter(between.new, between.writers);
  const lanes = new Map(
    [...checkpoints].map(([partition, { next, copied }]): [number, Lane] => {
      const children = childrenOf(partition, split);
      return [
        partition,
        {
          ...{ partition, next },
          copied: new Map(children.map((child) => [child, copied.get(child) ?? 0])),
          ahead: new Map(children.map((child) => [child, found.get(child) ?? []])),
        },
      ];
    }),
  );
  const laneOf = (child: number): Lane | undefined => lanes.get(child % split.old);
  const copied = (child: number): number => laneOf(child)?.copied.get(child) ?? 0;

  /** Takes a record for written when it is there already, or gives the partition to write it to. */
  function place(lane: Lane, record: RawRecord): number | undefined {
    const child = placeOf(record, lane.partition, split);
    const where = `${between.old.name}/${lane.partition}/${record.offset}`;
    if (child === undefined) {
      const key = printable(JSON.stringify(record.key?.toString('utf8', 0, 40)));
      throw new CommandError(
        `${where} has the key ${key}, which Kafka's default partitioner does not put there: its producers place keys in ` +
          'another way, and would not follow the copy',
      );
    }
    const expected = lane.ahead.get(child)?.shift();
    if (expected === undefined) return child;
    const same = expected.body.equals(record.body);
    if (!same || (between.keepsTimestamps && expected.timestamp !== record.timestamp)) {
      throw new CommandError(
        `${between.new.name}/${child}/${expected.offset} is no copy of ${where}: somebody else wrote to the new topic. ` +
          'Delete it and begin again: nothing reads it yet',
      );
    }
    lane.copied.set(child, expected.offset + 1);
    return undefined;
  }

  return {
    async round(maxWaitMs, most = Number.POSITIVE_INFINITY) {
      const each = Math.max(1, Math.ceil(most / lanes.size));
      const positions = new Map([...lanes].map(([partition, { next }]) => [partition, next]));
      const round = await fetchRound(between.old, between.readers, positions, maxWaitMs, beginAgain);
      const fetched = new Map([...round].map(([partition, one]) => [partition, firstOf(one, each)]));
      const outgoing = new Map<number, RawRecord[]>();
      for (const [partition, { records }] of fetched) {
        const lane = lanes.get(partition);
        if (lane === undefined) continue;
        for (const record of records) {
          const child = place(lane, record);
          if (child === undefined) continue;
          const list = outgoing.get(child);
          if (list === undefined) outgoing.set(child, [record]);
          else list.push(record);
        }
      }
      await writer.write(outgoing, copied);
      let count = 0;
      for (const [child, { length }] of outgoing) {
        laneOf(child)?.copied.set(child, copied(child) + length);
        count += length;
      }
      // Only now: a checkpoint must not be ahead of what is acknowledged.
      for (const [partition, { next }] of fetched) {
        const lane = lanes.get(partition);
        if (lane !== undefined) lane.next = next;
      }
      return count;
    },
    behind: (ends) =>
      [...lanes].reduce((sum, [partition, { next }]) => sum + Math.max(0, (ends.get(partition) ?? 0) - next), 0),
    checkpoints: () => new Map([...lanes].map(([at, lane]) => [at, { next: lane.next, copied: new Map(lane.copied) }])),
    copied,
    resumed: [...found.values()].reduce((sum, { length }) => sum + length, 0),
    checkNothingAhead() {
      for (const { ahead } of lanes.values()) {
        for (const [child, [first]] of ahead) {
          if (first === undefined) continue;
          throw new CommandError(
            `${between.new.name}/${child}/${first.offset} is no copy of a record of ${between.old.name}: somebody else wrote ` +
              'to the new topic. Delete it and begin again: nothing reads it yet',
          );
        }
      }
    },
  };
}

/** The first so many records of a fetch; the others come again. */
function firstOf({ records, next }: RawFetch, most: number): RawFetch {
  const rest = records[most];
  return rest === undefined ? { records, next } : { records: records.slice(0, most), next: rest.offset };
}

/** A request of a process that was killed may still be on its way into the brokers: asks until nothing more arrives. */
async function settledEnds(topic: TopicFacts, nodes: Nodes, settleMs: number): Promise<Map<number, number>> {
  let before = await endsOf(topic, nodes);
  for (;;) {
    await delay(settleMs);
    const now = await endsOf(topic, nodes);
    if ([...now].every(([partition, end]) => before.get(partition) === end)) return now;
    before = now;
  }
}

/**
 * Where the partitions of a topic end.
 * @throws PassingError when a leader does not answer
 */
export async function endsOf(topic: TopicFacts, nodes: Nodes): Promise<Map<number, number>> {
  const extents = await readExtents(topic, nodes);
  if (extents.length < topic.partitions.length) throw new PassingError(`not all leaders of ${topic.name} answer`);
  return new Map(extents.map(({ partition, end }) => [partition, end]));
}

/** The records of the new topic from the checkpoints on. */
async function readAhead(
  { new: topic, readers, settleMs }: CopyBetween,
  checkpoints: ReadonlyMap<number, Checkpoint>,
): Promise<Map<number, RawRecord[]>> {
  const ends = await settledEnds(topic, readers, settleMs);
  const positions = new Map<number, number>();
  for (const { partition } of topic.partitions) {
    const known = checkpoints.get(partition % checkpoints.size)?.copied.get(partition) ?? 0;
    const end = ends.get(partition) ?? 0;
    if (end < known) {
      throw new CommandError(
        `${topic.name}/${partition} ends at ${end}, though ${known} records were copied there: it was made anew. Delete it once more and begin again`,
      );
    }
    if (end > known) positions.set(partition, known);
  }
  const found = new Map<number, RawRecord[]>();
  while (positions.size > 0) {
    for (const [partition, { records, next }] of await fetchRound(topic, readers, positions, 500)) {
      const list = found.get(partition);
      if (list === undefined) found.set(partition, [...records]);
      else list.push(...records);
      if (next >= (ends.get(partition) ?? 0)) positions.delete(partition);
      else positions.set(partition, next);
    }
  }
  return found;
}
