import type { Server } from 'node:http';
import type { KafkaPort } from '../../kafka/port.ts';
import type { FunctionDefinition, Logger } from '../../runtime/contract.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { withParking } from '../../runtime/park-keys.ts';
import { createScheduler } from '../../runtime/scheduler.ts';
import type { Settings } from '../../runtime/settings.ts';
import { withOverrides } from '../shared/overrides.ts';
import { checkCluster, neededRights, sizeWarnings } from '../shared/preflight.ts';
import { openPublishing } from '../shared/publishing.ts';
import { exposition } from './exposition.ts';
import { serveHealth } from './health.ts';
import { type ConsumingHost, createConsumingHost } from './host.ts';
import { headsOf, startWatchdog, type Watchdog } from './watchdog.ts';

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

/** An instance that has all it needs, and is no member of its group yet. */
export interface Container {
  /** Joins the group, and works until `shutdown`. Rejects when the group cannot be joined. */
  start(): Promise<void>;
  /** Stops fetching, finishes what is in flight, commits, leaves the group, closes. */
  shutdown(reason: string): Promise<void>;
}

const maxOutstanding = 2_000;
/** Read and not handled yet: what makes about one request to each broker, at three times its bytes. */
const backlogBytes = 262_144;

/** Prepares a function to run as a member of its consumer group. Rejects when the cluster is not fit for it. */
export async function prepareContainer<Resources>(
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
    neededRights(definition, group),
    settings.bootstrapServers,
    settings.startupTimeoutMs,
  ).finally(() => inspector.close());
  for (const warning of sizeWarnings(topics)) log.warn({}, warning);

  const metrics = createMetrics();
  let host: ConsumingHost | undefined;
  const resources = (await definition.setup?.(env)) as Resources; // without a setup, Resources is undefined
  const scheduler = createScheduler();
  const publishing = await openPublishing(kafka, topics, {
    ...{ settings, log },
    onRoom: () => host?.wake(),
    // A turn of a few records is over before anything could gather: only a backlog is worth the wait.
    moreToCome: () => scheduler.busy && host !== undefined && bufferedIn(host) >= backlogBytes,
  });
  const { outputs, deadLetters, parked } = publishing;
  const parking = withParking(definition, parked, outputs);
  const running = createConsumingHost(
    parking,
    settings,
    kafka,
    { definition: parking, resources, outputs, deadLetters, scheduler, metrics, log, maxOutstanding },
    metrics,
    log,
    {
      partitions: topics.source.partitions,
      outgrown: () =>
        onFatal(`Topic ${source} has more partitions than at the start: this instance ends, to check its topics anew`),
    },
  );
  host = running;
  const degraded = (): string[] => [
    ...publishing.degraded(),
    ...running.stuck.reasons(),
    ...running.denials.reasons(),
    ...(running.sharing ? [running.sharing] : []),
    ...(running.inDoubt ? [`no word from group ${group} for a session timeout`] : []),
    ...(running.committer.failing ? [`offsets cannot be committed: ${running.committer.failing}`] : []),
    ...(metrics.waitingForDependency > 0 ? [`${metrics.waitingForDependency} partitions wait for a dependency`] : []),
  ];
  const waitsForDownstream = (): boolean =>
    publishing.degraded().length > 0 || running.denials.count > 0 || metrics.waitingForDependency > 0;
  let shuttingDown: Promise<void> | undefined;
  const health = await serveHealth(
    settings.metricsHost,
    settings.metricsPort,
    {
      live: () => true,
      ready: () => shuttingDown === undefined && running.assigned !== undefined,
      degraded,
      waitsForDownstream,
      resources: () => definition.observe?.(resources).health,
      metrics: () => exposition(definition.name, metrics, gauges(running), definition.observe?.(resources).metrics),
    },
    log,
  );
  let watchdog: Watchdog | undefined;

  async function start(): Promise<void> {
    await running.start();
    if (shuttingDown !== undefined) return;
    log.info({ group, topic: source }, `Kafka consumer started with group '${group}'`);
    watchdog = startWatchdog(
      () => ({
        heads: headsOf(running.lanes),
        member: running.assigned !== undefined && Date.now() - running.member.confirmedAtMs < settings.watchdogMs,
        waiting: waitsForDownstream(),
      }),
      settings.watchdogMs,
      (reason) => onFatal(`The watchdog ends this instance: ${reason}. Its partitions go to the others.`),
    );
  }

  async function close(reason: string): Promise<void> {
    log.info({ reason }, 'Shutting down: no new records, finishing those in flight');
    watchdog?.stop();
    await running.stop();
    await publishing.close();
    await definition.close?.(resources);
    closeServer(health);
    log.info({ recordsIn: metrics.recordsIn, recordsOut: metrics.recordsOut }, 'Left the group, all closed');
  }

  return {
    start,
    shutdown(reason) {
      shuttingDown ??= close(reason);
      return shuttingDown;
    },
  };
}

function gauges(host: ConsumingHost): Parameters<typeof exposition>[2] {
  const { user, system } = process.cpuUsage();
  return {
    lag: host.lag(),
    assignedPartitions: host.lanes.size,
    stuckPartitions: host.stuck.count,
    bufferedBytes: bufferedIn(host),
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
  };
}

function bufferedIn({ lanes }: ConsumingHost): number {
  let bytes = 0;
  for (const lane of lanes.values()) bytes += lane.bufferedBytes;
  return bytes;
}

function closeServer(server: Server): void {
  server.close();
  server.closeAllConnections();
}
