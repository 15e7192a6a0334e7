import type { BrokerConnection } from '../../support/kafka/broker.ts';
import type { TopicFacts } from '../../support/kafka/cluster-facts.ts';
import { describeGroup, findCoordinator, listGroups } from '../../support/kafka/group-facts.ts';
import { readCommitted } from '../../support/kafka/offsets.ts';

/** A group that has committed offsets of a topic. */
export interface CommittedGroup {
  readonly groupId: string;
  /** `Stable`, `Empty` and so on, as the coordinator says it. */
  readonly state: string;
  readonly members: number;
  /** By partition. */
  readonly offsets: ReadonlyMap<number, number>;
}

/** Groups that could not be looked at, such as those that the user may list and not describe. */
export interface UnseenGroups {
  readonly count: number;
  /** Why the first of them could not be. */
  readonly cause: string;
}

/** The groups that have committed offsets of a topic. One that cannot be looked at hides none of the others. */
export async function committedGroups(
  topic: TopicFacts,
  nodes: ReadonlyMap<number, BrokerConnection>,
): Promise<{ readonly groups: readonly CommittedGroup[]; readonly unseen?: UnseenGroups }> {
  const [broker] = nodes.values();
  if (!broker) return { groups: [] };
  const groupIds = [...new Set(await listGroups(nodes.values()))];
  const looks = await Promise.allSettled(
    groupIds.map(async (groupId): Promise<CommittedGroup[]> => {
      const coordinatorId = await findCoordinator(broker, groupId);
      const coordinator = nodes.get(coordinatorId);
      if (!coordinator) throw new Error(`broker ${coordinatorId}, which keeps its offsets, does not answer`);
      const offsets = await readCommitted(coordinator, groupId, topic);
      if (offsets.size === 0) return [];
      const { state, members } = await describeGroup(coordinator, coordinatorId, groupId);
      return [{ groupId, state, members: members.length, offsets }];
    }),
  );
  const groups = looks.flatMap((look) => (look.status === 'fulfilled' ? look.value : []));
  const failed = looks.flatMap((look) => (look.status === 'rejected' ? [look.reason] : []));
  if (failed.length === 0) return { groups };
  const cause = failed[0] instanceof Error ? failed[0].message : String(failed[0]);
  return { groups, unseen: { count: failed.length, cause } };
}
