import { deniedText } from '../../../functions/kafka/denied.ts';
import { CommandError } from '../command.ts';
import { count, printable, ranges, some } from '../words.ts';
import type { BrokerConnection, Security } from './broker.ts';
import { type OpenedCluster, openClusterFacts, type TopicFacts, UnreachableError } from './cluster-facts.ts';
import { type Connections, openConnections } from './connections.ts';
import { describeGroup, findCoordinator, GroupDeniedError, type GroupFacts } from './group-facts.ts';
import { readCommitted, readExtents } from './offsets.ts';
import { troubleOf } from './trouble.ts';

/** One partition, and how far the group is in it. */
export interface PartitionLook {
  readonly partition: number;
  /** The next offset to read; null where nothing was ever committed. */
  readonly committed: number | null;
  /** The records that it holds: from `low` on, up to before `end`. */
  readonly low: number;
  readonly end: number;
}

/** A group in a topic, all partitions of it. */
export interface GroupLook {
  readonly group: GroupFacts;
  readonly partitions: readonly PartitionLook[];
}

/** Nothing is wrong but that a broker or a leader is away: the same may do in a moment. */
export class AwayError extends CommandError {}

/** Whether Kafka's name of a refusal says that a coordinator is not ready, or not the one any more. */
export function isCoordinatorAway(reason: string): boolean {
  return ['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'].includes(reason);
}

/** A cluster that answers. */
export type AnsweringCluster = OpenedCluster & { readonly connections: Connections };

/**
 * Works on a cluster, and closes its connections afterwards.
 * @throws AwayError when no broker answers, with what to do
 */
export async function withCluster<Result>(
  target: { readonly bootstrapServers: readonly string[]; readonly security: Security },
  topics: readonly string[],
  work: (cluster: AnsweringCluster) => Promise<Result>,
): Promise<Result> {
  const connections = openConnections(target.security);
  try {
    const opened = await openClusterFacts(connections, target.bootstrapServers, topics);
    return await work({ ...opened, connections });
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (error instanceof GroupDeniedError) {
      throw new CommandError(deniedText({ operation: 'Describe', resource: 'group', name: error.groupId }));
    }
    if (error instanceof UnreachableError) {
      const tried = error.attempts.map(({ address, trouble }) => `${address}: ${trouble.cause} ${trouble.remedy}`);
      throw new AwayError(`no broker answers.\n  ${tried.join('\n  ')}`);
    }
    const { cause, remedy } = troubleOf(error);
    throw new AwayError(printable(`the cluster does not answer as it should. ${cause} ${remedy}`));
  } finally {
    await connections.close();
  }
}

/**
 * The facts of a topic that exists and whose partitions all have a leader that answers.
 * @throws AwayError when a leader does not answer
 * @throws CommandError
 */
export function wholeTopic({ facts, nodes }: OpenedCluster, name: string): TopicFacts {
  const topic = facts.topics.find((one) => one.name === name);
  if (topic?.error === 'TOPIC_AUTHORIZATION_FAILED') {
    throw new CommandError(deniedText({ operation: 'Read', resource: 'topic', name }));
  }
  if (topic === undefined || topic.error !== undefined) {
    const unknown = topic === undefined || topic.error === 'UNKNOWN_TOPIC_OR_PARTITION';
    const kind = topic?.error === 'LEADER_NOT_AVAILABLE' ? AwayError : CommandError;
    throw new kind(
      unknown ? `there is no topic ${name} on this cluster` : `topic ${name} cannot be read: ${topic.error}`,
    );
  }
  const leaderless = topic.partitions.filter(({ leader }) => !nodes.has(leader)).map(({ partition }) => partition);
  if (leaderless.length > 0) {
    throw new AwayError(
      `${count(leaderless.length, 'partition')} of ${name} (${ranges(leaderless)}) have no leader that answers: see npm run doctor`,
    );
  }
  return topic;
}

/** The broker that keeps the offsets of a group. */
export async function coordinatorOf(
  { nodes }: OpenedCluster,
  groupId: string,
): Promise<{ coordinator: BrokerConnection; coordinatorId: number }> {
  const [broker] = nodes.values();
  if (broker === undefined) throw new AwayError('no broker of the cluster answers: see npm run doctor');
  const coordinatorId = await findCoordinator(broker, groupId);
  const coordinator = nodes.get(coordinatorId);
  if (coordinator === undefined) {
    throw new AwayError(`broker ${coordinatorId}, which keeps the offsets of ${groupId}, does not answer`);
  }
  return { coordinator, coordinatorId };
}

/** How far a group is in a topic, now. */
export async function lookAtGroup(cluster: OpenedCluster, groupId: string, topic: TopicFacts): Promise<GroupLook> {
  const { coordinator, coordinatorId } = await coordinatorOf(cluster, groupId);
  const group = await describeGroup(coordinator, coordinatorId, groupId);
  // Committed first: what is committed in between must not look as if it were beyond the end.
  const committed = await readCommitted(coordinator, groupId, topic);
  const extents = await readExtents(topic, cluster.nodes);
  const missing = topic.partitions.filter(({ partition }) => !extents.some((one) => one.partition === partition));
  if (missing.length > 0) {
    throw new AwayError(
      `the leaders of ${topic.name} do not say what partitions ${ranges(missing.map(({ partition }) => partition))} hold: try again, or see npm run doctor`,
    );
  }
  return {
    group,
    partitions: extents.map((extent) => ({ ...extent, committed: committed.get(extent.partition) ?? null })),
  };
}

/** Why a group's offsets cannot be changed now; undefined when they can: it has no members. */
export function activeBecause({ groupId, state, members }: GroupFacts): string | undefined {
  if (members.length === 0 && (state === 'Empty' || state === 'Dead')) return undefined;
  const names = members.map(({ clientId, host }) => printable(`${clientId} on ${host}`));
  const who = members.length === 0 ? '' : ` with ${count(members.length, 'member')} (${some(names)})`;
  return `group ${groupId} is ${state}${who}: stop its instances first, they would commit over what is set here`;
}
