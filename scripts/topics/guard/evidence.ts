import { openClusterFacts } from '../../support/kafka/cluster-facts.ts';
import { openConnections } from '../../support/kafka/connections.ts';
import { type Extent, readExtents } from '../../support/kafka/offsets.ts';
import { readSpans, tailSpans } from '../../support/kafka/spans.ts';
import { troubleOf } from '../../support/kafka/trouble.ts';
import type { KafkaAccess } from '../target.ts';
import { type CommittedGroup, committedGroups, type UnseenGroups } from './groups.ts';
import { type KeyedRecord, type Movement, measureMovement } from './movement.ts';
import type { Risk } from './risks.ts';

/** A group that has committed offsets of a topic. */
export interface GroupLag extends Omit<CommittedGroup, 'offsets'> {
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
  readonly unseen?: UnseenGroups;
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
    const { groups, unseen } = await committedGroups(topic, nodes);
    const extents = await readExtents(topic, nodes);
    const records = await readSpans(topic, tailSpans(extents, sample), nodes, (partition, { key }): KeyedRecord => {
      // A copy: the key is a view of a response that would stay in memory whole.
      return { partition, key: key === null ? null : Buffer.from(key) };
    });
    return {
      evidence: {
        held: extents.reduce((sum, { low, end }) => sum + end - low, 0),
        movement: measureMovement(records, risk.from, risk.to),
        groups: groups
          .map(({ offsets, ...group }) => ({ ...group, lag: lagOf(extents, offsets) }))
          .sort((a, b) => b.lag - a.lag || (a.groupId < b.groupId ? -1 : 1)),
        ...(unseen ? { unseen } : {}),
      },
    };
  } catch (error) {
    return { trouble: troubleOf(error).cause };
  } finally {
    await connections.close();
  }
}

/** Where nothing was committed, reading begins with the earliest record. */
function lagOf(extents: readonly Extent[], offsets: ReadonlyMap<number, number>): number {
  return extents.reduce(
    (sum, { partition, low, end }) => sum + Math.max(0, end - Math.max(low, offsets.get(partition) ?? low)),
    0,
  );
}
