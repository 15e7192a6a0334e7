import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { metaProperties, renderProperties, serverProperties } from '../../../infra/cluster/config.ts';
import {
  composeArguments,
  composeEnvironment,
  containerSettings,
  parseContainers,
} from '../../../infra/cluster/docker.ts';
import { kafkaVersion } from '../../../infra/cluster/jars.ts';
import { javaArguments } from '../../../infra/cluster/java.ts';
import { type ClusterState, randomKafkaId } from '../../../infra/cluster/layout.ts';

const brokers = [
  { id: 1, port: 20_001, controllerPort: 20_002 },
  { id: 2, port: 20_003, controllerPort: 20_004 },
  { id: 3, port: 20_005, controllerPort: 20_006 },
] as const;
const state: ClusterState = { clusterId: 'kMnfLuHYQ0qWkPxP7y6eUQ', engine: { kind: 'docker' }, brokers };

const composeYml = readFileSync(new URL('../../../infra/cluster/compose.yml', import.meta.url), 'utf8');

test('a broker listens on loopback only, and knows all controllers', () => {
  const lines = serverProperties(brokers[1], brokers, '/data').split('\n');

  expect(lines).toContain('node.id=2');
  expect(lines).toContain('listeners=PLAINTEXT://127.0.0.1:20003,CONTROLLER://127.0.0.1:20004');
  expect(lines).toContain('advertised.listeners=PLAINTEXT://127.0.0.1:20003');
  expect(lines).toContain('controller.quorum.voters=1@127.0.0.1:20002,2@127.0.0.1:20004,3@127.0.0.1:20006');
  expect(lines).toContain('log.dirs=/data');
});

test('a second way in tells clients the port of the proxy before it', () => {
  const behind = { ...brokers[1], outside: { port: 20_007, advertisedPort: 20_008 } };
  const lines = serverProperties(behind, brokers, '/data').split('\n');

  expect(lines).toContain(
    'listeners=PLAINTEXT://127.0.0.1:20003,CONTROLLER://127.0.0.1:20004,OUTSIDE://127.0.0.1:20007',
  );
  expect(lines).toContain('advertised.listeners=PLAINTEXT://127.0.0.1:20003,OUTSIDE://127.0.0.1:20008');
});

test.each([
  'default.replication.factor=3',
  'min.insync.replicas=2',
  'offsets.topic.replication.factor=3',
  'group.initial.rebalance.delay.ms=0',
  'broker.session.timeout.ms=6000',
  'log.index.size.max.bytes=524288',
  'auto.create.topics.enable=false',
])('both engines set %s', (setting) => {
  const [name = '', value] = setting.split('=');

  expect(serverProperties(brokers[0], brokers, '/data').split('\n')).toContain(setting);
  expect(containerSettings({ clusterId: 'id' })[`KAFKA_${name.replaceAll('.', '_').toUpperCase()}`]).toBe(value);
});

test('settings of one cluster go before those of all, whichever the engine', () => {
  const settings = { 'min.insync.replicas': '1', 'num.io.threads': '3' };
  const lines = serverProperties(brokers[0], brokers, '/data', settings).split('\n');
  const named = containerSettings({ clusterId: 'id', settings });

  expect(lines).toEqual(expect.arrayContaining(['min.insync.replicas=1', 'num.io.threads=3']));
  expect(named).toMatchObject({ KAFKA_MIN_INSYNC_REPLICAS: '1', KAFKA_NUM_IO_THREADS: '3' });
});

test('backslashes of a path survive a properties file', () => {
  expect(renderProperties({ 'log.dirs': 'C:\\data' })).toBe('log.dirs=C:\\\\data\n');
});

test('storage is formatted for this cluster and node', () => {
  expect(metaProperties('cluster', 3, 'directory')).toBe(
    'version=1\ncluster.id=cluster\nnode.id=3\ndirectory.id=directory\n',
  );
});

test('ids are 16 bytes in URL-safe base64 and never look like an option', () => {
  for (let i = 0; i < 500; i += 1) expect(randomKafkaId()).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
});

test('a broker process is small, and bears its directory on its command line', () => {
  const args = javaArguments('/clusters/a', { java: 'java', jars: '/jars' }, 2);

  expect(args).toEqual(expect.arrayContaining(['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC']));
  expect(args).toContain('-Dhft.broker=/clusters/a/broker-2');
  const larger = javaArguments('/clusters/a', { java: 'java', jars: '/jars' }, 2, ['-Xmx1g']);
  expect(larger.indexOf('-Xmx1g')).toBeGreaterThan(larger.indexOf('-Xmx512m'));
  expect(containerSettings({ clusterId: 'id', jvm: ['-Xmx1g'] }).KAFKA_HEAP_OPTS).toMatch(/-Xmx512m .*-Xmx1g$/);
  expect(args.slice(-4)).toEqual(['-cp', '/jars/*', 'kafka.Kafka', '/clusters/a/broker-2/server.properties']);
});

test('the image is of the version of the jars', () => {
  expect(composeYml).toContain(`image: apache/kafka:${kafkaVersion()}\n`);
});

test('compose.yml gets every variable that it names, and publishes on loopback only', () => {
  const named = new Set([...composeYml.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]));

  expect(Object.keys(composeEnvironment('/clusters/a', state)).sort()).toEqual([...named].sort());
  expect(composeYml.match(/^ {4}ports: .*$/gm)).toEqual(
    [1, 2, 3].map((id) => `    ports: ['127.0.0.1:\${HFT_PORT_${id}}:9092']`),
  );
});

test('two directories are two compose projects', () => {
  const [one, other] = ['/clusters/a', '/clusters/b'].map((dir) => composeEnvironment(dir, state).HFT_PROJECT);

  expect(one).toMatch(/^hft-[0-9a-f]{8}$/);
  expect(one).not.toBe(other);
});

test('docker is told the file, the command and the services', () => {
  const args = composeArguments('stop', ['--timeout', '10'], [1, 3]);

  expect(args.slice(0, 2)).toEqual(['compose', '-f']);
  expect(args[2]).toMatch(/infra\/cluster\/compose\.yml$/);
  expect(args.slice(3)).toEqual(['stop', '--timeout', '10', 'broker-1', 'broker-3']);
});

test('a container that is missing, exited or paused is no running broker', () => {
  const printed = [
    '{"Service":"broker-1","State":"running"}',
    '{"Service":"broker-2","State":"paused"}',
    'time="2026" level=warning msg="unrelated"',
  ].join('\n');

  expect(parseContainers(printed).map((broker) => broker.state)).toEqual(['running', 'paused', 'stopped']);
  expect(parseContainers('{"Service":"broker-1","State":"exited"}')[0]?.state).toBe('stopped');
});
