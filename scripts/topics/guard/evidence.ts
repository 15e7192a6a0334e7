import type { BrokerConnection } from '../../support/kafka/broker.ts';
import { openClusterFacts, type TopicFacts } from '../../support/kafka/cluster-facts.ts';
import { openConnections } from '../../support/kafka/connections.ts';
import { describeGroup, findCoordinator, listGroups } from '../../support/kafka/group-facts.ts';
import { type Extent, readCommitted, readExtents } from '../../support/kafka/offsets.ts';
import { readSpans, tailSpans } from '../../support/kafka/spans.ts';
import { troubleOf } from '../../support/kafka/trouble.ts';
import type { KafkaAccess } from '../target.ts';
import { type KeyedRecord, type Movement, measureMovement } from './movement.ts';
import type { Risk } from './risks.ts';

/** A group that has committed offsets of a topic. */
export interface GroupLag {
  readonly groupId: string;
  /** `Stable`, `Empty` and so on, as the coordinator says it. */
  readonly state: string;
  readonly members: number;
  /** Records that it has not committed yet. */
  readonly lag: number;
}

/** What was seen on the live topic. */
export interface Evidence {
  /** Records that the topic holds in all. */
  readonly held: number;
  readonly movement: Movement;
  /** In order of lag, the largest first. */
  readonly groups: readonly GroupLag[];
}

/** What was seen, or why nothing could be. */
export type Examined =
  | { readonly evidence: Evidence; readonly trouble?: never }
  | { readonly evidence?: never; readonly trouble: string };

/**
 * Looks at the records and groups of a topic that would get more partitions, given the way to the brokers or why there is
 * none. Changes nothing, and never rejects.
 */
export async function examine(access: KafkaAccess | string | undefined, risk: Risk, sample: number): Promise<Examined> {
  if (access === undefined) return { trouble: 'no broker can be reached from here to read its records' };
  if (typeof access === 'string') return { trouble: access };
  const connections = openConnections(access.security);
  try {
    const { facts, nodes } = await openClusterFacts(connections, access.bootstrapServers, [risk.topic]);
    const topic = facts.topics[0];
    if (topic === undefined || topic.error !== undefined) return { trouble: `the broker answers ${topic?.error}` };
    // Committed first: what is committed in between must not look as if it were beyond the end.
    const committed = await committedOffsets(topic, nodes);
    const extents = await readExtents(topic, nodes);
    const records = await readSpans(topic, tailSpans(extents, sample), nodes, (partition, { key }): KeyedRecord => {
      // A copy: the key is a view of a response that would stay in memory whole.
      return { partition, key: key === null ? null : Buffer.from(key) };
    });
    return {
      evidence: {
        held: extents.reduce((sum, { low, end }) => sum + end - low, 0),
        movement: measureMovement(records, risk.from, risk.to),
        groups: committed
          .map(({ offsets, ...group }) => ({ ...group, lag: lagOf(extents, offsets) }))
          .sort((a, b) => b.lag - a.lag || (a.groupId < b.groupId ? -1 : 1)),
      },
    };
  } catch (error) {
    return { trouble: troubleOf(error).cause };
  } finally {
    await connections.close();
  }
}

async function committedOffsets(
  topic: TopicFacts,
  nodes: ReadonlyMap<number, BrokerConnection>,
): Promise<(Omit<GroupLag, 'lag'> & { offsets: ReadonlyMap<number, number> })[]> {
  const [broker] = nodes.values();
  if (!broker) return [];
  const groupIds = [...new Set(await listGroups(nodes.values()))];
  const found = await Promise.all(
    groupIds.map(async (groupId) => {
      const coordinatorId = await findCoordinator(broker, groupId);
      const coordinator = nodes.get(coordinatorId);
      if (!coordinator) throw new Error(`the coordinator of group ${groupId} timed out`);
      const offsets = await readCommitted(coordinator, groupId, topic);
      if (offsets.size === 0) return [];
      const { state, members } = await describeGroup(coordinator, coordinatorId, groupId);
      return [{ groupId, state, members: members.length, offsets }];
    }),
  );
  return found.flat();
}

/** Where nothing was committed, reading begins with the earliest record. */
function lagOf(extents: readonly Extent[], offsets: ReadonlyMap<number, number>): number {
  return extents.reduce(
    (sum, { partition, low, end }) => sum + Math.max(0, end - Math.max(low, offsets.get(partition) ?? low)),
    0,
  );
}
