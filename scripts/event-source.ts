import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processor } from '../functions/processor/definition.ts';
import { openCluster } from '../infra/cluster/cluster.ts';
import { localDir } from '../infra/cluster/jars.ts';
import { checkCluster } from './event-source/check-cluster.ts';
import { InitError } from './event-source/environment.ts';
import { createInstanceLog, type InstanceLog } from './event-source/instance-log.ts';
import { eventSourceDescriptions, eventSourceFlags, eventSourceOptions } from './event-source/options.ts';
import { type EventSource, startEventSource } from './event-source/source.ts';
import type { Stats } from './event-source/stats.ts';
import { buildBundle } from './support/bundle.ts';
import { CommandError, runCommand, UsageError } from './support/command.ts';
import { securityFrom } from './support/kafka/security.ts';

const definitions = { processor } as const;
const bundlePath = fileURLToPath(new URL('../dist/functions.mjs', import.meta.url));

await runCommand(
  {
    name: 'event-source',
    summary:
      'Polls a topic as the event source mapping of a function does, and calls the bundle under the real runtime client.',
    usage: [
      '--function processor',
      '--for 30s --json',
      '--batch-size 100 --min-pollers 2 --on-failure kafka://undelivered',
    ],
    options: eventSourceFlags,
    describe: eventSourceDescriptions,
    notes: [
      'The function gets this environment, so its settings are set as for a container. Ctrl-C or SIGTERM stops polling,',
      'waits for the invocations under way, commits and leaves the group. Its log goes to standard error.',
    ],
  },
  async ({ json, ...flags }, positionals) => {
    const options = eventSourceOptions(flags, positionals, process.env, Object.keys(definitions));
    const definition = definitions[options.functionName as keyof typeof definitions];
    const { topic = definition.source, groupId = definition.group } = options;
    if (options.onFailureTopic === topic) {
      throw new UsageError(`--on-failure is ${topic}, which is polled: what is given up would come again, without end`);
    }
    const bootstrapServers = options.bootstrapServers ?? localBrokers();
    const security = securityFrom(process.env, bootstrapServers);
    await checkCluster({ bootstrapServers, security }, topic, groupId);
    const log = options.log === 'json' ? createInstanceLog(options.functionName) : undefined;
    const { path: bundle } = log ? { path: bundlePath } : await buildBundle();
    const tell = (line: string): void => {
      if (log) log.line('warn', line);
      else process.stderr.write(`event-source: ${line}\n`);
    };
    const signalled = stopSignal();
    const stopped = options.forMs === undefined ? signalled : Promise.race([signalled, delay(options.forMs)]);
    let joined = false;
    // Whatever it still waits for then would go on for minutes.
    void signalled.then(() => {
      if (joined) return;
      tell('Stopped before it was a member of the group: nothing was polled');
      process.exit(0);
    });
    let source: EventSource | undefined;
    await log?.serve(() => source?.stats());
    source = await start({
      ...options,
      ...{ bootstrapServers, security, topic, groupId },
      function: {
        ...{ bundle, exportName: options.functionName, timeoutMs: options.timeoutMs },
        env: { ...process.env, KAFKA_BOOTSTRAP_SERVERS: bootstrapServers.join(',') },
      },
      onNotice: tell,
      onLog: (line) => void (log ? process.stdout : process.stderr).write(`${line}\n`),
      onAssigned(partitions) {
        const message = `Assigned partitions: [${partitions.join(', ')}] (${partitions.length})`;
        if (log) log.line('info', message, { partitions, count: partitions.length });
        else tell(message);
      },
    });
    const polling = source;
    joined = true;
    if (!log) tell(`Polling ${topic} for group '${groupId}'`);
    const progress = log || setInterval(() => tell(progressText(polling.stats())), 5_000);
    await stopped;
    const stats = await finish(polling, log);
    if (typeof progress === 'object' && 'unref' in progress) clearInterval(progress);
    if (!log) process.stdout.write(json ? `${JSON.stringify(stats)}\n` : `${progressText(stats)}\n`);
    return 0;
  },
);

async function start(options: Parameters<typeof startEventSource>[0]): Promise<EventSource> {
  try {
    return await startEventSource(options);
  } catch (error) {
    if (error instanceof InitError) throw new CommandError(`the function does not initialise:\n${error.message}`);
    throw error;
  }
}

async function finish(source: EventSource, log: InstanceLog | undefined): Promise<Stats> {
  log?.line('info', 'Shutting down: no new records, finishing those in flight');
  const stats = await source.stop();
  log?.line('info', 'Drained: all that was in flight is done and committed');
  log?.close();
  return stats;
}

/** Resolves at SIGTERM, SIGINT, or when the time is over. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

function localBrokers(): readonly string[] {
  const cluster = openCluster(join(localDir(), 'cluster'));
  if (cluster?.brokers.some(({ state }) => state === 'running')) return cluster.bootstrapServers;
  throw new CommandError("there is no cluster: 'npm run cluster -- start', or KAFKA_BOOTSTRAP_SERVERS");
}

function progressText(stats: Stats): string {
  const { invocations, records, partialFailures, retries, bisections, toOnFailure, dropped, p50Ms, p99Ms } = stats;
  const perRecord = records > 0 ? `${Math.round((stats.cpuSeconds / records) * 1e6)} us CPU a record` : 'no record yet';
  return (
    `${records} records in ${invocations} invocations (p50 ${p50Ms} ms, p99 ${p99Ms} ms), ${perRecord}; ` +
    `${partialFailures} partial, ${retries} retries, ${bisections} bisected, ${toOnFailure} to on-failure, ${dropped} dropped`
  );
}
