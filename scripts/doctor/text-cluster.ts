import type { TopicFacts } from '../support/kafka/cluster-facts.ts';
import { table } from '../support/table.ts';
import { span } from '../support/words.ts';
import { leadersByBroker } from './cluster-diagnosis.ts';
import type { Examination } from './examination.ts';
import type { Section } from './text.ts';

/** The brokers: who is up, and what they lead. */
export function brokerLines({ cluster, target }: Examination): Section | undefined {
  if (!cluster) return target && { headline: `asked at ${target.bootstrapServers.join(', ')}`, lines: [] };
  const led = leadersByBroker(cluster);
  const up = cluster.brokers.filter(({ answeredInMs }) => answeredInMs !== undefined);
  const rows = cluster.brokers.map(({ nodeId, address, answeredInMs }) => [
    String(nodeId),
    address ?? '-',
    answeredInMs !== undefined ? `up, ${answeredInMs} ms` : address === undefined ? 'down' : 'no answer',
    String(led.get(nodeId) ?? 0),
  ]);
  return {
    headline: `${up.length} of ${cluster.brokers.length} brokers up, cluster ${cluster.clusterId ?? 'without an id'}`,
    lines: table([['broker', 'address', 'state', 'leads'], ...rows]),
  };
}

/** The topics as they are. */
export function topicLines({ cluster }: Examination): Section | undefined {
  if (!cluster) return undefined;
  const existing = cluster.topics.filter(({ error }) => error === undefined);
  const shown = existing.filter(({ name }) => !name.startsWith('__'));
  const asked = cluster.topics.filter(({ name }) => !name.startsWith('__'));
  const led = (topics: readonly TopicFacts[]) => topics.flatMap(({ partitions }) => partitions);
  const all = led(existing);
  const inSync = all.filter((partition) => partition.inSync.length === partition.replicas.length).length;
  return {
    headline: `${shown.length} of ${asked.length} topics there, ${inSync} of ${all.length} partitions fully in sync`,
    lines:
      shown.length === 0
        ? []
        : table([
            ['topic', 'partitions', 'replicas', 'min in sync', 'in sync', 'retention', 'max bytes', 'cleanup'],
            ...shown.map(topicRow),
          ]),
  };
}

function topicRow({ name, partitions, configs }: TopicFacts): string[] {
  const replicas = [...new Set(partitions.map((partition) => partition.replicas.length))].sort();
  const whole = partitions.filter((partition) => partition.inSync.length === partition.replicas.length).length;
  const retention = configs?.['retention.ms'];
  return [
    name,
    String(partitions.length),
    replicas.join('-'),
    configs?.['min.insync.replicas'] ?? '?',
    whole === partitions.length ? 'all' : `${whole} of ${partitions.length}`,
    retention === undefined ? '?' : retention === '-1' ? 'for ever' : span(Number(retention)),
    configs?.['max.message.bytes'] ?? '?',
    configs?.['cleanup.policy'] ?? '?',
  ];
}
