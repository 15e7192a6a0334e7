import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jvmOptions, sharedSettings } from './config.ts';
import type { BrokerProcess, Driver } from './driver.ts';
import { brokerIds, type ClusterState } from './layout.ts';

const composeFile = fileURLToPath(new URL('compose.yml', import.meta.url));
const execute = promisify(execFile);

/** The environment of the containers, as the image wants it: `min.insync.replicas` is KAFKA_MIN_INSYNC_REPLICAS. */
export function containerSettings({
  clusterId,
  jvm = [],
  settings: more = {},
}: Pick<ClusterState, 'clusterId' | 'jvm' | 'settings'>): Readonly<Record<string, string>> {
  const settings = {
    'process.roles': 'broker,controller',
    'controller.quorum.voters': brokerIds.map((id) => `${id}@broker-${id}:19093`).join(','),
    listeners: 'INTERNAL://:19092,EXTERNAL://:9092,CONTROLLER://:19093',
    'listener.security.protocol.map': 'INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INTERNAL',
    'log.dirs': '/var/lib/kafka/data',
    ...sharedSettings,
    ...more,
  };
  const named = Object.entries(settings).map(([name, value]) => [
    `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`,
    value,
  ]);
  return { CLUSTER_ID: clusterId, KAFKA_HEAP_OPTS: [...jvmOptions, ...jvm].join(' '), ...Object.fromEntries(named) };
}

/** What compose.yml takes from its environment. */
export function composeEnvironment(dir: string, state: ClusterState): Readonly<Record<string, string>> {
  const project = `hft-${createHash('sha256').update(dir).digest('hex').slice(0, 8)}`;
  const ports = state.brokers.map((broker) => [`HFT_PORT_${broker.id}`, String(broker.port)]);
  return { HFT_PROJECT: project, HFT_SETTINGS: join(dir, 'containers.env'), ...Object.fromEntries(ports) };
}

/** The arguments of `docker` for a compose command. */
export function composeArguments(command: string, flags: readonly string[], ids: readonly number[] = []): string[] {
  return ['compose', '-f', composeFile, command, ...flags, ...ids.map((id) => `broker-${id}`)];
}

/** The states of all brokers in what `docker compose ps --all --format json` prints: one JSON object a line. */
export function parseContainers(printed: string): BrokerProcess[] {
  const containers = printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { Service?: string; State?: string; CreatedAt?: string });
  return brokerIds.map((id) => {
    const container = containers.find((one) => one.Service === `broker-${id}`);
    if (container?.State === 'paused') return { id, state: 'paused' };
    return { id, state: container?.State === 'running' ? 'running' : 'stopped' };
  });
}

/** Runs the brokers of a directory as containers of one compose project. */
export function dockerDriver(dir: string, state: ClusterState): Driver {
  const env = { ...process.env, ...composeEnvironment(dir, state) };
  const compose = async (command: string, flags: readonly string[], ids?: readonly number[]): Promise<void> => {
    await execute('docker', composeArguments(command, flags, ids), { env });
  };
  const printedBy = (command: string, flags: readonly string[], ids?: readonly number[]): string =>
    spawnSync('docker', composeArguments(command, flags, ids), { env, encoding: 'utf8' }).stdout ?? '';
  return {
    inspect: () => parseContainers(printedBy('ps', ['--all', '--format', 'json'])),
    async launch(ids) {
      const settings = containerSettings(state);
      const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
      writeFileSync(join(dir, 'containers.env'), lines.join(''));
      await compose('up', ['--detach', '--no-deps', '--quiet-pull'], ids);
    },
    stop: (ids, graceMs) => compose('stop', ['--timeout', String(Math.ceil(graceMs / 1_000))], ids),
    kill: (ids) => compose('kill', [], ids),
    pause: (id) => compose('pause', [], [id]),
    resume: (id) => compose('unpause', [], [id]),
    logs: (id) => `docker logs of container ${env.HFT_PROJECT}-broker-${id}-1`,
    logTail: (id) => printedBy('logs', ['--no-log-prefix', '--tail', '10'], [id]),
    erase: () => compose('down', ['--volumes']),
  };
}
