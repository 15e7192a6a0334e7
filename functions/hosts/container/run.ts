import type { Server } from 'node:http';
import { createOutbox, type OutboxOptions } from '../../kafka/outbox.ts';
import type { KafkaPort, TopicFacts } from '../../kafka/port.ts';
import type { FunctionDefinition, Logger } from '../../runtime/contract.ts';
import { createMetrics, type Metrics } from '../../runtime/metrics.ts';
import type { Publisher } from '../../runtime/publisher.ts';
import { createScheduler } from '../../runtime/scheduler.ts';
import type { Settings } from '../../runtime/settings.ts';
import { exposition } from './exposition.ts';
import { serveHealth } from './health.ts';
import { type ConsumingHost, createConsumingHost } from './host.ts';
import { checkCluster, reach, sizeWarnings } from './preflight.ts';
import { startWatchdog } from './watchdog.ts';

/** What the process hands in, so that a test can hand in something else. */
export interface ContainerDependencies {
  readonly kafka: KafkaPort;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The digest of the bundle that runs. */
  readonly digest: string;
  /** Called once, when the instance has ended by itself: the watchdog found it stuck. */
  readonly onFatal: (reason: string) => void;
}

/** A running instance. */
export interface Container {
  /** Stops fetching, finishes what is in flight, commits, leaves the group, closes. */
  shutdown(reason: string): Promise<void>;
}

const maxOutstanding = 2_000;
const outboxBytes = 2 * 1_048_576;

/** Runs a function as a member of its consumer group, until `shutdown`. Rejects when the cluster is not fit for it. */
export async function runContainer<Resources>(
  declared: FunctionDefinition<Resources>,
  settings: Settings,
  { kafka, log, env, digest, onFatal }: ContainerDependencies,
): Promise<Container> {
  const definition = withOverrides(declared, settings);
  const title = definition.name.charAt(0).toUpperCase() + definition.name.slice(1);
  const { source, group, output, deadLetters: deadLetterTopic } = definition;
  log.info(
    { digest, node: process.version, source, group, output, deadLetters: deadLetterTopic },
    `${title} instance ${settings.instanceId}/${settings.totalInstances} starting`,
  );
  log.info({}, `Bootstrap servers: ${settings.bootstrapServers.join(',')}`);

  const inspector = kafka.inspector();
  const topics = await checkCluster(
    inspector,
    definition,
    settings.bootstrapServers,
    settings.startupTimeoutMs,
  ).finally(() => inspector.close());
  for (const warning of sizeWarnings(topics)) log.warn({}, warning);

  const metrics = createMetrics();
  let host: ConsumingHost | undefined;
  const closers: (() => unknown)[] = [];
  const publisher = async (facts: TopicFacts, mustDeliver: boolean): Promise<Publisher> => {
    // A producer per topic: a dead-letter topic that hangs must not hold up the outputs.
    const producer = kafka.producer([facts.topic]);
    await reach(() => producer.connect(), settings.bootstrapServers, settings.startupTimeoutMs);
    const outbox = createOutbox(producer, { ...outboxOptions(), facts, mustDeliver });
    closers.push(
      () => outbox.close(),
      () => producer.close(),
    );
    return outbox;
  };
  const outboxOptions = (): Omit<OutboxOptions, 'facts' | 'mustDeliver'> => ({
    lingerMs: settings.lingerMs,
    maxBytes: outboxBytes,
    onRoom: () => host?.wake(),
    onTrouble(fields) {
      // The first failure, and then one line for every doubling: a broker that is gone fails many partitions at once.
      if ((fields.failures & (fields.failures - 1)) === 0)
        log.warn(fields, 'Publishing fails: trying until it succeeds');
    },
    onRecovered: (fields) => log.info(fields, 'Publishing works again'),
  });

  const resources = (await definition.setup?.(env)) as Resources; // without a setup, Resources is undefined
  const outputs = topics.output && (await publisher(topics.output, false));
  const deadLetters = await publisher(topics.deadLetters, true);
  const running = createConsumingHost(
    definition,
    settings,
    kafka,
    { definition, resources, outputs, deadLetters, scheduler: createScheduler(), metrics, log, maxOutstanding },
    metrics,
    log,
  );
  host = running;
  const degraded = (): string[] => [
    ...(outputs?.degraded ? [`topic ${outputs.topic} cannot be written`] : []),
    ...(deadLetters.degraded ? [`topic ${deadLetters.topic} cannot be written`] : []),
    ...(metrics.waitingForDependency > 0 ? [`${metrics.waitingForDependency} partitions wait for a dependency`] : []),
  ];
  let shuttingDown: Promise<void> | undefined;
  const health = await serveHealth(
    settings.metricsHost,
    settings.metricsPort,
    {
      live: () => true,
      ready: () => shuttingDown === undefined && running.assigned !== undefined,
      degraded,
      metrics: () => exposition(definition.name, metrics, gauges(running)),
    },
    log,
  );
  await running.start();
  log.info({ group, topic: source }, `Kafka consumer started with group '${group}'`);
  const watchdog = startWatchdog(
    () => ({
      backlog: backlogOf(running),
      progress: progressOf(metrics),
      member: running.assigned !== undefined && Date.now() - running.member.confirmedAtMs < settings.watchdogMs,
      waiting: degraded().length > 0,
    }),
    settings.watchdogMs,
    (reason) => onFatal(`The watchdog ends this instance: ${reason}. Its partitions go to the others.`),
  );

  async function close(reason: string): Promise<void> {
    log.info({ reason }, 'Shutting down: no new records, finishing those in flight');
    watchdog.stop();
    await running.stop();
    await Promise.allSettled(closers.map(async (closer) => closer()));
    await definition.close?.(resources);
    closeServer(health);
    log.info({ recordsIn: metrics.recordsIn, recordsOut: metrics.recordsOut }, 'Left the group, all closed');
  }

  return {
    shutdown(reason) {
      shuttingDown ??= close(reason);
      return shuttingDown;
    },
  };
}

function withOverrides<Resources>(
  declared: FunctionDefinition<Resources>,
  settings: Settings,
): FunctionDefinition<Resources> {
  const output = settings.outputTopic ?? declared.output;
  return {
    ...declared,
    group: settings.groupId ?? declared.group,
    source: settings.sourceTopic ?? declared.source,
    deadLetters: settings.deadLetterTopic ?? declared.deadLetters,
    ...(output === undefined ? {} : { output }),
  };
}

function gauges(host: ConsumingHost): Parameters<typeof exposition>[2] {
  const { user, system } = process.cpuUsage();
  let bufferedBytes = 0;
  for (const lane of host.lanes.values()) bufferedBytes += lane.bufferedBytes;
  return {
    lag: host.lag(),
    assignedPartitions: host.lanes.size,
    bufferedBytes,
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
  };
}

function backlogOf(host: ConsumingHost): number {
  let records = 0;
  for (const lane of host.lanes.values()) records += lane.bufferedRecords + lane.outstanding;
  return records;
}

function progressOf(metrics: Metrics): number {
  const dead = Object.values(metrics.recordsDead).reduce((sum, count) => sum + count, 0);
  return metrics.recordsIn + metrics.recordsOut + metrics.recordsFiltered + metrics.retries + dead;
}

function closeServer(server: Server): void {
  server.close();
  server.closeAllConnections();
}
