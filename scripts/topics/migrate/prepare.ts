import type { TopicConfigs } from '../../../infra/topics.ts';
import { CommandError } from '../../support/command.ts';
import type { OpenedCluster, TopicFacts } from '../../support/kafka/cluster-facts.ts';
import { type GroupLook, lookAtGroup } from '../../support/kafka/group-look.ts';
import type { TopicsTarget } from '../target.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { MigrateOptions } from './options.ts';
import { childrenOf } from './place.ts';

const topicResource = 2;
const setOnTopic = 1;
/** What of the old topic the new one takes over. */
const kept = [
  ...['cleanup.policy', 'min.insync.replicas', 'retention.ms', 'retention.bytes', 'max.message.bytes'],
  ...['compression.type', 'message.timestamp.type', 'segment.ms', 'segment.bytes', 'delete.retention.ms'],
];

/** The settings of a topic that are not the cluster's own. */
export async function readSettings({ nodes }: OpenedCluster, topic: TopicFacts): Promise<Record<string, string>> {
  const [broker] = nodes.values();
  const resources = [{ type: topicResource, name: topic.name, configNames: kept }];
  const answer = await broker?.ask('DescribeConfigs', { resources, includeSynonyms: false });
  const [found] = answer?.resources ?? [];
  if (found === undefined || found.errorCode !== 0) {
    throw new CommandError(`the settings of ${topic.name} may not be read: grant this user DescribeConfigs on it`);
  }
  return Object.fromEntries(
    found.configEntries.flatMap(({ configName, configValue, configSource }) =>
      configSource === setOnTopic && configValue !== null ? [[configName, configValue]] : [],
    ),
  );
}

/** Makes the new topic as the old one is, with more partitions; says whether it was not there before. */
export async function makeTopic(
  target: TopicsTarget,
  { to, partitions }: MigrateOptions,
  old: TopicFacts,
  settings: Readonly<Record<string, string>>,
): Promise<boolean> {
  const made = await target.create({
    ...{ name: to, partitions, replicationFactor: old.partitions[0]?.replicas.length ?? 1 },
    configs: settings as unknown as TopicConfigs, // those of the old topic, whatever they are
  });
  await target.waitUntilReady([to]);
  return made === 'created';
}

/**
 * How far the groups are in the old topic.
 * @throws CommandError when one has committed nothing there
 */
export async function lookAtGroups(
  cluster: OpenedCluster,
  groups: readonly string[],
  old: TopicFacts,
): Promise<GroupLook[]> {
  const looks: GroupLook[] = [];
  for (const groupId of groups) {
    const look = await lookAtGroup(cluster, groupId, old);
    if (look.partitions.every(({ committed }) => committed === null)) {
      throw new CommandError(`group ${groupId} has committed nothing of ${old.name}: correct the names`);
    }
    looks.push(look);
  }
  return looks;
}

/** Where the copy begins: with the first record that one of the groups has not handled. */
export function firstCheckpoints(
  looks: readonly GroupLook[],
  split: { old: number; new: number },
): Map<number, Checkpoint> {
  const first = new Map<number, Checkpoint>();
  for (const { partitions } of looks) {
    for (const { partition, committed, low, end } of partitions) {
      const at = Math.min(end, Math.max(low, committed ?? low));
      const copied = new Map(childrenOf(partition, split).map((child) => [child, 0]));
      first.set(partition, { next: Math.min(at, first.get(partition)?.next ?? at), copied });
    }
  }
  return first;
}
