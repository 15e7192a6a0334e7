import { CommandError } from '../../support/command.ts';
import type { OpenedCluster, TopicFacts } from '../../support/kafka/cluster-facts.ts';
import { CommitRefusedError, commitForEmptyGroup } from '../../support/kafka/commit.ts';
import { fetchRound } from '../../support/kafka/fetch-round.ts';
import {
  activeBecause,
  coordinatorOf,
  type GroupLook,
  isCoordinatorAway,
  lookAtGroup,
} from '../../support/kafka/group-look.ts';
import { readCommitted } from '../../support/kafka/offsets.ts';
import type { RawRecord } from '../../support/kafka/raw-records.ts';
import { count, ranges } from '../../support/words.ts';
import { type Copy, endsOf } from './copy.ts';
import { placeOf } from './place.ts';

/** Where a group goes on in the new topic. */
export interface GroupCut {
  readonly groupId: string;
  /** Records of the new topic that it has not handled. */
  readonly waiting: number;
  /** By partition of the new topic. */
  readonly offsets: ReadonlyMap<number, number>;
}

/** All that the last phase works with. */
export interface Cut {
  readonly cluster: OpenedCluster;
  readonly old: TopicFacts;
  readonly new: TopicFacts;
  readonly copy: Copy;
  /** Where the old topic ended when everything was copied. */
  readonly ends: ReadonlyMap<number, number>;
}

/**
 * Sets where a group goes on: what it has not handled of the old topic are the last so many records of the new one.
 * Nothing is set unless the old topic ends where it did, the new one holds the copies and nothing else, and the record
 * that the group would be given next is the right one.
 * @throws CommandError
 */
export async function cutGroup(cut: Cut, groupId: string): Promise<GroupCut> {
  const { cluster, old, new: topic, copy } = cut;
  const look = await lookAtGroup(cluster, groupId, old);
  const active = activeBecause(look.group);
  if (active !== undefined) throw new CommandError(`${active}. Run this again then: it goes on where it is`);
  const left = await unhandled(cut, look);
  const offsets = new Map<number, number>();
  for (const { partition } of topic.partitions) {
    const offset = copy.copied(partition) - (left.get(partition)?.records ?? 0);
    if (offset < 0) {
      throw new CommandError(
        `group ${groupId} was moved back in ${old.name} to before where the copy begins: delete ${topic.name} and begin again, nothing reads it yet`,
      );
    }
    offsets.set(partition, offset);
  }
  await checkFirst(cut, left, offsets);
  await checkNothingMoved(cut, 'Run this again: it goes on where it is');
  const { coordinator } = await coordinatorOf(cluster, groupId);
  try {
    await commitForEmptyGroup(coordinator, groupId, topic.name, offsets);
  } catch (error) {
    if (!(error instanceof CommitRefusedError) || isCoordinatorAway(error.reason)) throw error;
    const why = error.reason === 'UNKNOWN_MEMBER_ID' ? 'an instance joined it in this moment' : error.reason;
    throw new CommandError(`the offsets of ${groupId} were not set (${why}). Run this again: it goes on where it is`);
  }
  const found = await readCommitted(coordinator, groupId, topic);
  const wrong = [...offsets].filter(([partition, offset]) => found.get(partition) !== offset).map(([one]) => one);
  if (wrong.length > 0) {
    throw new CommandError(
      `partitions ${ranges(wrong)} of ${topic.name} read back otherwise than committed for ${groupId}`,
    );
  }
  const waiting = [...left.values()].reduce((sum, { records }) => sum + records, 0);
  return { groupId, waiting, offsets };
}

interface Unhandled {
  readonly records: number;
  readonly first: RawRecord;
}

/** What a group has not handled of the old topic, by partition of the new one. */
async function unhandled(
  { cluster, old, new: topic, ends }: Cut,
  { partitions }: GroupLook,
): Promise<Map<number, Unhandled>> {
  const split = { old: old.partitions.length, new: topic.partitions.length };
  const found = new Map<number, Unhandled>();
  const positions = new Map<number, number>();
  for (const { partition, committed, low } of partitions) {
    const from = Math.max(low, committed ?? low);
    if (from < (ends.get(partition) ?? 0)) positions.set(partition, from);
  }
  while (positions.size > 0) {
    for (const [partition, { records, next }] of await fetchRound(old, cluster.nodes, positions, 500)) {
      for (const record of records) {
        const child = placeOf(record, partition, split);
        if (child === undefined) continue; // said while it was copied
        const { records: before, first } = found.get(child) ?? { records: 0, first: record };
        found.set(child, { records: before + 1, first });
      }
      if (next >= (ends.get(partition) ?? 0)) positions.delete(partition);
      else positions.set(partition, next);
    }
  }
  return found;
}

/** The record at the new offset must be the one that the group is to handle next. */
async function checkFirst(
  { cluster, new: topic }: Cut,
  left: ReadonlyMap<number, Unhandled>,
  offsets: ReadonlyMap<number, number>,
): Promise<void> {
  const positions = new Map([...left.keys()].map((child) => [child, offsets.get(child) ?? 0]));
  while (positions.size > 0) {
    for (const [child, { records }] of await fetchRound(topic, cluster.nodes, positions, 500)) {
      const [record] = records;
      if (record === undefined) continue;
      positions.delete(child);
      if (left.get(child)?.first.body.equals(record.body) === true) continue;
      throw new CommandError(
        `${topic.name}/${child}/${record.offset} is not the record that comes next: nothing was set. Delete ${topic.name} and begin again`,
      );
    }
  }
}

/**
 * Nothing was written to the old topic, and nothing but copies to the new one.
 * @throws CommandError
 */
export async function checkNothingMoved({ cluster, old, new: topic, copy, ends }: Cut, remedy: string): Promise<void> {
  let late = 0;
  for (const [partition, end] of await endsOf(old, cluster.nodes)) late += end - (ends.get(partition) ?? 0);
  if (late !== 0) {
    throw new CommandError(
      `${count(late, 'record')} came to ${old.name} during the cut-over: a producer still writes there. Stop it. ${remedy}`,
    );
  }
  for (const [partition, end] of await endsOf(topic, cluster.nodes)) {
    if (end === copy.copied(partition)) continue;
    throw new CommandError(
      `${topic.name}/${partition} ends at ${end}, and ${copy.copied(partition)} records were copied there: a producer writes to it ` +
        'before the cut-over. Stop it, delete the new topic, and begin again: nothing reads it yet',
    );
  }
}
