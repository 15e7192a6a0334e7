import type { PartitionFacts, TopicFacts } from '../support/kafka/cluster-facts.ts';
import { count, ranges, some } from '../support/words.ts';
import type { Finding } from './finding.ts';

/** Partitions that cannot be used, or are short of replicas: one finding a kind, over all topics. */
export function diagnosePartitions(topics: readonly TopicFacts[]): Finding[] {
  const leaderless = affected(topics, ({ leader }) => leader < 0);
  const belowMinimum = affected(
    topics,
    ({ leader, inSync }, topic) => leader >= 0 && inSync.length < Number(topic.configs?.['min.insync.replicas'] ?? 1),
  );
  const short = affected(
    topics,
    ({ leader, inSync, replicas }, topic) =>
      leader >= 0 &&
      inSync.length < replicas.length &&
      inSync.length >= Number(topic.configs?.['min.insync.replicas'] ?? 1),
  );
  return [
    ...finding('problem', leaderless, 'without a leader', {
      cause: 'Every broker with an in-sync replica of them is down: they can be neither read nor written.',
      remedy: 'Start the brokers that hold them; the last one that was in sync is the one that counts.',
    }),
    ...finding('problem', belowMinimum, 'below the minimum of in-sync replicas', {
      cause: 'Too few of the brokers that hold them are up and caught up: writes with acks=all are refused.',
      remedy: 'Start the missing brokers, and wait until their replicas have caught up.',
    }),
    ...finding('warning', short, 'with a replica that is not in sync', {
      cause: 'A broker that holds a copy is down or behind: they still work, and the next failure may stop them.',
      remedy: 'Start the missing broker, or wait until it has caught up.',
    }),
  ];
}

interface Affected {
  readonly topic: string;
  readonly partitions: readonly number[];
}

function affected(
  topics: readonly TopicFacts[],
  applies: (partition: PartitionFacts, topic: TopicFacts) => boolean,
): Affected[] {
  return topics.flatMap((topic) => {
    const partitions = topic.partitions.filter((partition) => applies(partition, topic));
    return partitions.length === 0
      ? []
      : [{ topic: topic.name, partitions: partitions.map(({ partition }) => partition) }];
  });
}

function finding(
  severity: Finding['severity'],
  groups: readonly Affected[],
  what: string,
  why: Pick<Finding, 'cause' | 'remedy'>,
): Finding[] {
  if (groups.length === 0) return [];
  const total = groups.reduce((sum, { partitions }) => sum + partitions.length, 0);
  const named = groups.map(({ topic, partitions }) => `${topic} [${ranges(partitions)}]`);
  return [{ severity, area: 'topics', what: `${count(total, 'partition')} ${what}: ${some(named)}`, ...why }];
}
