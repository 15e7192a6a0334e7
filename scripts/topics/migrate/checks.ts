import { processor } from '../../../functions/processor/definition.ts';
import type { TopicDeclaration } from '../../../infra/topics.ts';
import { CommandError } from '../../support/command.ts';
import type { OpenedCluster, TopicFacts } from '../../support/kafka/cluster-facts.ts';
import { findCoordinator, listGroups } from '../../support/kafka/group-facts.ts';
import { readCommitted } from '../../support/kafka/offsets.ts';
import { printable } from '../../support/words.ts';
import { checkpointPrefix } from './checkpoint.ts';
import type { MigrateOptions } from './options.ts';

/**
 * Refuses what would break the order of a key, here or in the topics that follow.
 * @throws CommandError
 */
export function checkCounts(
  { from, to, partitions }: MigrateOptions,
  old: TopicFacts,
  declared: readonly TopicDeclaration[],
  live: ReadonlyMap<string, number>,
): void {
  const count = old.partitions.length;
  if (partitions <= count) {
    throw new CommandError(`${from} has ${count} partitions: ${to} must have more of them, not ${partitions}`);
  }
  if (partitions % count !== 0) {
    throw new CommandError(
      `${partitions} is no multiple of the ${count} partitions of ${from}: a partition of ${to} would mix records of several, ` +
        `in no order, and where a group is in ${from} would be nowhere in ${to}. Take ${count * 2} or ${count * 3}`,
    );
  }
  const wrong = declared
    .filter(({ follows }) => follows === from)
    .map((topic) => ({ name: topic.name, count: live.get(topic.name) ?? topic.partitions }))
    .filter((topic) => partitions % topic.count !== 0);
  if (wrong.length === 0) return;
  const list = wrong.map((topic) => `${topic.name} (${topic.count})`).join(', ');
  throw new CommandError(
    `${list} must have a divisor of ${partitions} partitions: outputs go to the input's partition modulo that count`,
  );
}

/** What a person should know before: none of it makes a migration wrong. */
export async function remarks(
  cluster: OpenedCluster,
  { from, partitions, groups }: MigrateOptions,
  old: TopicFacts,
  live: ReadonlyMap<string, number>,
): Promise<string[]> {
  const found: string[] = [];
  const output = processor.output ?? '';
  const outputs = live.get(output);
  if (processor.source === from && processor.outputPartitions !== 'divides' && outputs !== partitions) {
    found.push(
      `the processor wants as many partitions of ${output} as it reads, and there are ${outputs ?? 'none'}: give it ` +
        `a new one of ${partitions} (OUTPUT_TOPIC), or let its definition say outputPartitions: 'divides'`,
    );
  }
  const others = await otherGroups(cluster, old, groups);
  if (others.length > 0) {
    found.push(
      `${others.map(printable).join(', ')} also read ${from}: name them with --group as well, or they stay with the old topic`,
    );
  }
  return found;
}

async function otherGroups(cluster: OpenedCluster, topic: TopicFacts, known: readonly string[]): Promise<string[]> {
  const [broker] = cluster.nodes.values();
  if (broker === undefined) return [];
  const found: string[] = [];
  for (const groupId of await listGroups(cluster.nodes.values())) {
    if (known.includes(groupId) || groupId.startsWith(checkpointPrefix)) continue;
    const coordinator = cluster.nodes.get(await findCoordinator(broker, groupId));
    // A group that this user may not see is none that it could move.
    const committed = coordinator ? await readCommitted(coordinator, groupId, topic).catch(() => new Map()) : new Map();
    if (committed.size > 0) found.push(groupId);
  }
  return found;
}
