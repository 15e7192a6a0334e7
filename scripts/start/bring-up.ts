import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { localDir } from '../../infra/cluster/jars.ts';
import { CommandError } from '../support/command.ts';
import { createCpuLimit } from './cpu-limit.ts';
import type { EventLog } from './events.ts';
import { startFeeder } from './feeder.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { groundwork } from './groundwork.ts';
import { startGuard } from './guard.ts';
import { createOffsetWatch, insist, type OffsetWatch } from './offsets.ts';
import type { StartOptions } from './options.ts';
import type { Parts } from './pipeline.ts';
import { startReader } from './reader.ts';
import { startStages } from './start-stages.ts';
import { pipelineTopics, prepareTopics } from './topics.ts';

/** What a start is given beside its options. */
export interface BringUp {
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
  readonly events: EventLog;
  /** Whether a terminal has to be put in order should we be killed. */
  readonly terminal: boolean;
  /** Takes what has to be undone at the end, last first, from the moment there is something to undo. */
  readonly undo: (step: () => Promise<void>) => void;
}

const eventSource = fileURLToPath(new URL('../event-source.ts', import.meta.url));
const joinTimeoutMs = 60_000;
const membersTimeoutMs = 20_000;

/** Starts everything, in parallel where nothing waits for the other. The feed starts last, when all partitions are owned. */
export async function bringUp(options: StartOptions, context: BringUp): Promise<Parts> {
  const { signal, onProgress, events, undo } = context;
  const { settings } = options;
  const { brokers, bundle, database } = await groundwork(options, context);
  const topics = pipelineTopics(settings);
  const kafka = kafkaClient({ brokers: brokers.bootstrapServers, clientId: 'hft-start' });
  const offsets = createOffsetWatch(kafka);
  undo(() => offsets.close());
  const group = settings.groupId ?? 'processor-group';
  onProgress(`Topics ${topics.source}, ${topics.output}, ${topics.deadLetters}; group ${group} ...`);
  // The first question about a group makes a new cluster create its topic of offsets: that takes its time as well.
  const [partitions] = await Promise.all([
    prepareTopics(brokers.bootstrapServers, topics, context),
    emptyGroup(group, offsets, context),
  ]);
  signal.throwIfAborted();

  const args = instanceArgs(options, bundle);
  const guard = startGuard(args[0], context.terminal);
  const cpuLimit = options.cpu === undefined ? undefined : createCpuLimit(options.cpu);
  undo(async () => cpuLimit?.close());
  const shared = {
    env: { ...process.env, KAFKA_BOOTSTRAP_SERVERS: brokers.bootstrapServers.join(','), ...logLevel(process.env) },
    logDir: join(localDir(), 'start'),
    ...{ partitions, drainDeadlineMs: settings.drainDeadlineMs },
    onEvent: (text: string) => events.add(text),
  };
  const fleet = createFleet({ ...shared, label: 'instance', args, guard, cpuLimit });
  undo(async () => {
    await fleet.stop();
    guard.dismiss();
  });
  onProgress(`Starting ${options.instances} instances, logs in ${join(localDir(), 'start')} ...`);
  for (let left = options.instances; left > 0; left -= 1) fleet.add();
  const reader = await startReader(kafka, offsets, topics, signal);
  undo(() => reader.close());
  await allOwned(fleet, signal);
  fleet.complete();

  const { end: storedFrom } = await insist(() => offsets.bounds(topics.source), signal);
  const feeder = await startFeeder({
    ...options.feed,
    bootstrapServers: brokers.bootstrapServers,
    topic: topics.source,
  });
  undo(async () => await Promise.race([feeder.stop().catch(() => undefined), sleep(1_000)]));
  signal.throwIfAborted();
  // Behind the feed, so that the first enriched record does not wait for them: they find their topic from its start on.
  const laid = await database;
  signal.throwIfAborted();
  laid?.databases.bound({ bytes: options.databaseBytes, from: storedFrom, onEvent: (text) => events.add(text) });
  const stages = laid ? startStages(laid.bundle, laid.databases, { ...shared, topics, offsets, undo }) : [];
  return {
    brokers,
    fleet,
    reader,
    offsets,
    feeder,
    topics,
    group,
    events,
    databases: laid?.databases,
    stages,
    storedFrom,
  };
}

/** The container, or one mapping of the local event source: each is a member of the group, and is told alike. */
function instanceArgs({ mode }: StartOptions, bundle: string): [string, ...string[]] {
  if (mode === 'container') return [bundle, 'processor'];
  return [eventSource, '--function', 'processor', '--log', 'json', '--window', '100ms', '--concurrency', '2'];
}

/** Members that we did not start would take a part of the partitions, and of the books. */
async function emptyGroup(group: string, offsets: OffsetWatch, { signal, onProgress }: BringUp): Promise<void> {
  const until = performance.now() + membersTimeoutMs;
  for (let told = false; ; told = true) {
    const members = await insist(() => offsets.members(group), signal);
    if (members === 0) return;
    if (performance.now() > until) {
      throw new CommandError(
        `group '${group}' has ${members} members that were started elsewhere: stop them, or set KAFKA_GROUP_ID`,
      );
    }
    if (!told) onProgress(`Waiting for ${members} members of an earlier run to leave group '${group}' ...`);
    await sleep(500, undefined, { signal });
  }
}

async function allOwned(fleet: Fleet, signal: AbortSignal): Promise<void> {
  const until = performance.now() + joinTimeoutMs;
  while (!fleet.ownership.whole() || fleet.alive().some((one) => one.state !== 'active')) {
    const crashed = fleet.instances.find((one) => one.state === 'crashed');
    if (crashed) {
      const words = crashed.lastWords.join('\n') || `see ${crashed.logPath}`;
      throw new CommandError(`instance ${crashed.id} ended while it started:\n${words}`);
    }
    if (performance.now() > until) {
      throw new CommandError(`the instances did not share out the partitions within ${joinTimeoutMs / 1_000} s`);
    }
    await sleep(20, undefined, { signal });
  }
}

/** Their log is read for what happens: below `info` it would say nothing. */
function logLevel({ LOG_LEVEL }: NodeJS.ProcessEnv): { LOG_LEVEL: string } {
  return { LOG_LEVEL: LOG_LEVEL === 'debug' || LOG_LEVEL === 'trace' ? LOG_LEVEL : 'info' };
}
