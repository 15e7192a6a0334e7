import { CommandError } from '../support/command.ts';
import type { TopicFacts } from '../support/kafka/cluster-facts.ts';
import { CommitRefusedError, commitForEmptyGroup, deleteCommits } from '../support/kafka/commit.ts';
import { type AnsweringCluster, activeBecause, coordinatorOf, type GroupLook } from '../support/kafka/group-look.ts';
import { readCommitted } from '../support/kafka/offsets.ts';
import { troubleOf } from '../support/kafka/trouble.ts';
import { count, ranges } from '../support/words.ts';
import type { OffsetsPlan } from './plan.ts';
import { forgetSaved, saveOffsets } from './saved.ts';

/** What a change came to. */
export interface Change {
  /** Where the previous offsets are; undefined when nothing had to be changed. */
  readonly saved: string | undefined;
  /** Partitions that were changed, and read back as they should be. */
  readonly changed: number;
}

/**
 * Makes a plan true: saves what is, commits, reads back. Offsets that are already right are left alone.
 * @throws CommandError when the group is active or the brokers refuse: then nothing was changed
 */
export async function changeOffsets(
  cluster: AnsweringCluster,
  topic: TopicFacts,
  { group }: GroupLook,
  plan: OffsetsPlan,
): Promise<Change> {
  const active = activeBecause(group);
  if (active !== undefined) throw new CommandError(`${active}. Nothing was changed`);
  const moves = plan.moves.filter(({ from, to }) => from !== to);
  if (moves.length === 0) return { saved: undefined, changed: 0 };
  const { groupId } = group;
  const previous = moves.map(({ partition, from }) => ({ topic: topic.name, partition, offset: from }));
  const saved = saveOffsets({ clusterId: cluster.facts.clusterId, groupId, topic: topic.name }, previous, new Date());
  const { coordinator } = await coordinatorOf(cluster, groupId);
  const wanted = new Map(moves.map(({ partition, to }) => [partition, to]));
  const commits = new Map([...wanted].flatMap(([partition, to]) => (to === null ? [] : [[partition, to] as const])));
  const deletions = [...wanted].filter(([, to]) => to === null).map(([partition]) => partition);
  try {
    if (commits.size > 0) await commitForEmptyGroup(coordinator, groupId, topic.name, commits);
  } catch (error) {
    if (!(error instanceof CommitRefusedError)) {
      const reason = troubleOf(error).cause;
      throw new CommandError(
        `whether the offsets were set is not known: the broker did not answer. ${reason} See 'npm run offsets -- show'; what was before is in ${saved}`,
      );
    }
    if (error.partitions.length === commits.size) forgetSaved(saved);
    throw refusal(error, groupId, topic.name, commits.size, saved);
  }
  if (deletions.length > 0) await deleteCommits(coordinator, groupId, topic.name, deletions).catch(halfDone);
  const found = await readCommitted(coordinator, groupId, topic);
  const wrong = [...wanted].filter(([partition, to]) => (found.get(partition) ?? null) !== to).map(([one]) => one);
  if (wrong.length > 0) {
    throw new CommandError(
      `${count(wrong.length, 'partition')} of ${topic.name} (${ranges(wrong)}) read back otherwise than committed: something else commits for ${groupId}. What was before is in ${saved}`,
    );
  }
  return { saved, changed: moves.length };

  function halfDone(error: unknown): never {
    if (!(error instanceof CommitRefusedError)) throw error;
    throw new CommandError(
      `the commits of partitions ${ranges(deletions)} of ${topic.name} could not be taken away (${error.reason}); ${count(commits.size, 'other partition')} were set. What was before is in ${saved}`,
    );
  }
}

function refusal(
  { reason, partitions }: CommitRefusedError,
  groupId: string,
  topic: string,
  asked: number,
  saved: string,
): CommandError {
  if (reason === 'UNKNOWN_MEMBER_ID' || reason === 'REBALANCE_IN_PROGRESS') {
    return new CommandError(
      `an instance joined ${groupId} in this moment, and the brokers refused the change: stop it first. Nothing was changed`,
    );
  }
  if (partitions.length === asked) {
    return new CommandError(`the brokers refuse to set offsets of ${groupId} (${reason}). Nothing was changed`);
  }
  return new CommandError(
    `the brokers refuse partitions ${ranges(partitions)} of ${topic} (${reason}), and took the others. What was before is in ${saved}`,
  );
}
