import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerConnection } from '../support/kafka/broker.ts';
import type { OpenedCluster, TopicFacts } from '../support/kafka/cluster-facts.ts';
import { describeGroup, findCoordinator, type GroupFacts, listGroups } from '../support/kafka/group-facts.ts';
import { readCommitted, readExtents } from '../support/kafka/offsets.ts';
import { count } from '../support/words.ts';
import type { Finding } from './finding.ts';
import { diagnoseGroup } from './group-diagnosis.ts';
import { type LagReport, measureLag, type OffsetsLook } from './lag.ts';
import { diagnoseLag } from './lag-diagnosis.ts';
import { readAt } from './records.ts';
import type { Target } from './target.ts';
import { unanswered } from './unanswered.ts';

/** The group and its lag; what could not be asked is absent. */
export interface GroupExamination {
  readonly group?: GroupFacts;
  readonly lag?: LagReport;
  /** How long the records that are next in line have waited, the longest of those looked up. */
  readonly oldestWaitingMs?: number;
}

interface Look {
  readonly group: GroupFacts;
  readonly offsets: OffsetsLook | undefined;
}

/** Looks twice at the group and its offsets. Never rejects: what cannot be asked is a finding. */
export async function examineGroup(
  opened: OpenedCluster,
  target: Target,
  intervalMs: number,
): Promise<{ seen: GroupExamination; findings: Finding[] }> {
  const { groupId, topic } = target;
  try {
    const [broker] = opened.nodes.values();
    if (!broker) return { seen: {}, findings: [] };
    const coordinatorId = await findCoordinator(broker, groupId);
    const coordinator = opened.nodes.get(coordinatorId);
    if (!coordinator) throw new Error(`broker ${coordinatorId}, which coordinates ${groupId}, timed out`);
    const facts = opened.facts.topics.find(({ name, error }) => name === topic && error === undefined);
    const look = () => lookAt(coordinator, coordinatorId, target, facts, opened.nodes);
    const first = await look();
    await delay(intervalMs);
    const second = await look();
    return await conclude(first, second, opened, target, facts);
  } catch (error) {
    return { seen: {}, findings: [unanswered('group', `how group ${groupId} is`, error)] };
  }
}

async function lookAt(
  coordinator: BrokerConnection,
  coordinatorId: number,
  { groupId }: Target,
  topic: TopicFacts | undefined,
  nodes: OpenedCluster['nodes'],
): Promise<Look> {
  const group = await describeGroup(coordinator, coordinatorId, groupId);
  if (!topic) return { group, offsets: undefined };
  // Committed first: what is committed in between must not look as if it were beyond the end.
  const committed = await readCommitted(coordinator, groupId, topic);
  const extents = await readExtents(topic, nodes);
  return { group, offsets: { atMs: performance.now(), extents, committed } };
}

async function conclude(
  first: Look,
  second: Look,
  opened: OpenedCluster,
  target: Target,
  topic: TopicFacts | undefined,
): Promise<{ seen: GroupExamination; findings: Finding[] }> {
  const groups = second.group.members.length === 0 ? await listGroups(opened.nodes.values()) : [];
  const partitionCount = topic?.partitions.length ?? 0;
  const findings = diagnoseGroup({
    first: first.group,
    second: second.group,
    topic: target.topic,
    partitionCount,
    expectedInstances: target.expectedInstances,
    groups,
  });
  if (!topic || !first.offsets || !second.offsets) return { seen: { group: second.group }, findings };

  const lag = measureLag(first.offsets, second.offsets);
  const waitingMs = await waitingTimes(lag, topic, opened);
  const hidden = second.group.state === 'Dead' && groups.includes(target.groupId);
  findings.push(
    ...diagnoseLag({
      report: lag,
      topic: target.topic,
      groupId: target.groupId,
      members: hidden ? undefined : second.group.members.length,
      settled: first.group.state === 'Stable' && second.group.state === 'Stable',
      waitingMs,
    }),
  );
  const unseen = partitionCount - lag.partitions.length;
  if (unseen > 0) {
    findings.push({
      severity: 'note',
      area: 'lag',
      what: `the lag of ${count(unseen, 'partition')} of ${target.topic} is not known`,
      cause: 'Their leaders do not answer, or they have none.',
      remedy: 'See the findings on brokers and partitions.',
    });
  }
  const oldest = Math.max(-1, ...waitingMs.values());
  return { seen: { group: second.group, lag, ...(oldest < 0 ? {} : { oldestWaitingMs: oldest }) }, findings };
}

/** How long the next record of each lagging partition has waited. A guess at the worst: only some are looked up. */
async function waitingTimes(lag: LagReport, topic: TopicFacts, opened: OpenedCluster): Promise<Map<number, number>> {
  const behind = lag.partitions.filter((partition) => partition.lag > 0);
  const ranked = behind.sort((a, b) => Number(b.stuck) - Number(a.stuck) || b.lag - a.lag).slice(0, 12);
  const next = new Map(ranked.map(({ partition, low, committed }) => [partition, Math.max(low, committed ?? low)]));
  // An answer that cannot be decoded (a codec that is not there) only costs this extra.
  const records = await readAt(topic, next, opened.nodes).catch(() => new Map<number, { timestamp: number }>());
  const now = Date.now();
  return new Map([...records].map(([partition, { timestamp }]) => [partition, Math.max(0, now - timestamp)]));
}
