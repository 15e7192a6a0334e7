import { CommandError } from '../../support/command.ts';
import type { Tell } from '../../support/insist.ts';
import type { TopicFacts } from '../../support/kafka/cluster-facts.ts';
import { PassingError } from '../../support/kafka/fetch-round.ts';
import { type AnsweringCluster, coordinatorOf, lookAtGroup, wholeTopic } from '../../support/kafka/group-look.ts';
import { count } from '../../support/words.ts';
import { checkpointGroup, readCheckpoints, saveCheckpoints } from './checkpoint.ts';
import { endsOf, openCopy } from './copy.ts';
import { type Cut, checkNothingMoved, cutGroup, type GroupCut } from './cut-over.ts';
import { awaitQuiet, catchUp, type Following } from './follow.ts';
import type { MigrateOptions } from './options.ts';
import { firstCheckpoints, lookAtGroups } from './prepare.ts';

/** How far a run got. */
export interface Done {
  readonly phase: 'copied' | 'finished';
  /** Records that this run wrote to the new topic, and that it holds in all. */
  readonly written: number;
  readonly copied: number;
  /** Records that an interrupted run had written past its last checkpoint: found again, and not written twice. */
  readonly resumed: number;
  /** Records that are still to be copied. */
  readonly behind: number;
  readonly groups: readonly GroupCut[];
}

/** Who is told how it goes. */
export interface Listener {
  readonly tell: Tell;
  /** Checkpoints were kept; the sum of their offsets grows as the copy gets on. */
  readonly onKept: (offsets: number) => void;
}

const settleMs = 500;

/**
 * The phases copy, cut-over and finish, once: from the checkpoints on, as far as the options say.
 * @throws CommandError; of it AwayError, when another try may do better
 * @throws PassingError, or what a connection throws, when another try may do better
 */
export async function runPhases(
  readers: AnsweringCluster,
  writers: AnsweringCluster,
  options: MigrateOptions,
  { tell, onKept }: Listener,
  keepsTimestamps: boolean,
): Promise<Done> {
  // The brokers hear of a new topic one after the other.
  if (readers.facts.topics.some(({ name, error }) => name === options.to && error !== undefined)) {
    throw new PassingError(`not every broker knows ${options.to} yet`);
  }
  const old = wholeTopic(readers, options.from);
  const topic = wholeTopic(readers, options.to);
  const split = { old: old.partitions.length, new: topic.partitions.length };
  const keeper = checkpointGroup(options.from, options.to);
  const { coordinator } = await coordinatorOf(readers, keeper);
  let checkpoints = await readCheckpoints(coordinator, keeper, old);
  const held = [...(await endsOf(topic, readers.nodes)).values()].reduce((sum, end) => sum + end, 0);
  if (held === 0) {
    // Whatever an earlier copy says of a topic of this name: nothing is lost by beginning where the groups are.
    checkpoints = firstCheckpoints(await lookAtGroups(readers, options.groups, old), split);
    await saveCheckpoints(coordinator, keeper, old.name, checkpoints);
  } else if (checkpoints.size !== split.old) {
    throw new CommandError(
      `${topic.name} holds ${count(held, 'record')} that this did not copy: name another topic, or delete it`,
    );
  }
  const cutBefore = await groupsThatAreCut(readers, options, topic);
  if (cutBefore.length === options.groups.length) await checkStillQuiet(readers, old, topic, checkpoints);
  const between = { old, new: topic, readers: readers.nodes, writers: writers.nodes, keepsTimestamps, settleMs };
  const copy = await openCopy(between, checkpoints);
  if (copy.resumed > 0)
    tell(`copy      ${count(copy.resumed, 'record')} found past the last checkpoint, each compared`);
  const keep = async () => {
    const kept = copy.checkpoints();
    await saveCheckpoints(coordinator, keeper, old.name, kept);
    onKept([...kept.values()].reduce((sum, { next }) => sum + next, 0));
  };
  const work: Following = { options, tell, cluster: readers, old, copy, keep };
  let written = await catchUp(work);
  const sumCopied = () => topic.partitions.reduce((sum, { partition }) => sum + copy.copied(partition), 0);
  tell(
    `copy      ${sumCopied()} records are in ${topic.name}, ${written} of them written now; ${old.name} is copied to where it ended a moment ago`,
  );
  if (options.until === 'copy') {
    return { phase: 'copied', written, copied: sumCopied(), resumed: copy.resumed, behind: 0, groups: [] };
  }
  const waited = await awaitQuiet(work);
  written += waited.written;
  const cut: Cut = { cluster: readers, old, new: topic, copy, ends: waited.ends };
  tell(`cut-over  ${old.name} is quiet, and all of it is copied: ${sumCopied()} records`);
  const groups: GroupCut[] = [];
  for (const groupId of options.groups) {
    if (cutBefore.includes(groupId)) continue;
    const one = await cutGroup(cut, groupId);
    tell(`finish    ${groupId} goes on in ${topic.name} with ${count(one.waiting, 'record')} to handle`);
    groups.push(one);
  }
  await checkNothingMoved(cut, 'Run this again before anything writes to the new topic: it copies what came');
  return { phase: 'finished', written, copied: sumCopied(), resumed: copy.resumed, behind: 0, groups };
}

/** The groups that have offsets in the new topic: what is set is not set again. */
async function groupsThatAreCut(
  cluster: AnsweringCluster,
  { groups }: MigrateOptions,
  topic: TopicFacts,
): Promise<string[]> {
  const looks = await Promise.all(groups.map((groupId) => lookAtGroup(cluster, groupId, topic)));
  return looks
    .filter(({ partitions }) => partitions.every(({ committed }) => committed !== null))
    .map(({ group }) => group.groupId);
}

/** After the cut-over, what is written to the old topic cannot go in front of what producers wrote to the new one. */
async function checkStillQuiet(
  { nodes }: AnsweringCluster,
  old: TopicFacts,
  topic: TopicFacts,
  checkpoints: ReadonlyMap<number, { next: number; copied: ReadonlyMap<number, number> }>,
): Promise<void> {
  const copied = (partition: number) => checkpoints.get(partition % checkpoints.size)?.copied.get(partition) ?? 0;
  const inUse = [...(await endsOf(topic, nodes))].some(([partition, end]) => end > copied(partition));
  if (!inUse) return;
  let late = 0;
  for (const [partition, end] of await endsOf(old, nodes)) late += end - (checkpoints.get(partition)?.next ?? end);
  throw new CommandError(
    late > 0
      ? `finished before, and ${topic.name} is in use; but ${count(late, 'record')} came to ${old.name} since: a producer still ` +
          `writes there, and nobody handles them. Stop it; an instance with SOURCE_TOPIC=${old.name} handles them, out of order`
      : `finished before: the groups are cut over, and ${topic.name} is in use. There is nothing left to do`,
  );
}
