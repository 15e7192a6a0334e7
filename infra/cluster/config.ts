import { fileURLToPath } from 'node:url';
import type { BrokerPorts } from './layout.ts';

/** Java's options for one broker: small, since three of them share the machine with what is being tested. */
export const jvmOptions: readonly string[] = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC'];

/** Java's option for the logging of a broker, which goes to the directory of `-Dhft.log.dir`. */
export const log4jOption = `-Dlog4j2.configurationFile=${fileURLToPath(new URL('log4j2.xml', import.meta.url))}`;

/** The settings that both engines share: a small production cluster, but for what makes a local start slow. */
export const sharedSettings: Readonly<Record<string, string>> = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'share.coordinator.state.topic.replication.factor': '3',
  'share.coordinator.state.topic.min.isr': '2',
  // Internal topics come into being with the first consumer group, which waits for them: 50 partitions each take a
  // second or more here, and 12 still spread the coordinators over all brokers.
  'offsets.topic.num.partitions': '12',
  'transaction.state.log.num.partitions': '12',
  'share.coordinator.state.topic.num.partitions': '12',
  'group.initial.rebalance.delay.ms': '0',
  // After so long a broker that says nothing is given up, and its partitions get other leaders: three of its heartbeats.
  // By default it is 9 s, and those start anew, 2 s late, where the killed broker led the controllers as well.
  'broker.session.timeout.ms': '6000',
  // A misspelt topic must be an error, not a new topic.
  'auto.create.topics.enable': 'false',
  'delete.topic.enable': 'true',
  // Brokers lay each index out whole, 10 MB by default, and kernels that know large folios take all of it from the page cache
  // at the first append: 5.8 GB for three topics of 60 partitions, three replicas each; zeroing them takes every core for
  // seconds. With an entry each 4 KB (`log.index.interval.bytes`), 12 bytes at most, this much is a segment of 170 MB.
  'log.index.size.max.bytes': '524288',
  // 128 MB by default: a quarter of the heap, for a few kilobytes of compacted offsets.
  'log.cleaner.dedupe.buffer.size': '16777216',
};

/** The `controller.quorum.voters` of the cluster. */
export function quorumVoters(brokers: readonly BrokerPorts[]): string {
  return brokers.map((broker) => `${broker.id}@127.0.0.1:${broker.controllerPort}`).join(',');
}

/**
 * The server.properties of one broker that runs as a process.
 * @param more settings that go before these
 */
export function serverProperties(
  broker: BrokerPorts,
  all: readonly BrokerPorts[],
  dataDir: string,
  more: Readonly<Record<string, string>> = {},
): string {
  const { outside } = broker;
  const address = `PLAINTEXT://127.0.0.1:${broker.port}`;
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': String(broker.id),
    'controller.quorum.voters': quorumVoters(all),
    listeners: [
      address,
      `CONTROLLER://127.0.0.1:${broker.controllerPort}`,
      ...(outside ? [`OUTSIDE://127.0.0.1:${outside.port}`] : []),
    ].join(','),
    'advertised.listeners': [address, ...(outside ? [`OUTSIDE://127.0.0.1:${outside.advertisedPort}`] : [])].join(','),
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,OUTSIDE:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataDir,
    ...sharedSettings,
    ...more,
  };
  return renderProperties(settings);
}

/** What `StorageTool format` would write for a broker, without the 0.7 s of a Java start each. */
export function metaProperties(clusterId: string, nodeId: number, directoryId: string): string {
  return renderProperties({
    version: '1',
    'cluster.id': clusterId,
    'node.id': String(nodeId),
    'directory.id': directoryId,
  });
}

/** A Java properties file: backslashes escaped, since a path may hold them. */
export function renderProperties(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('');
}
