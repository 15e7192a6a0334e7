import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from 'kafkajs';
import { inject } from 'vitest';
import { buildBundle } from '../../scripts/support/bundle.ts';
import { type Instance, type InstanceOptions, startInstance } from './instance.ts';
import { ledgerClient } from './ledger/client.ts';
import { readCommitHistory } from './ledger/commit-history.ts';
import { waitUntilCommitted } from './ledger/commits.ts';
import { findCoordinator } from './ledger/coordinator.ts';
import { type Expectations, judge } from './ledger/judge.ts';
import { readTopics } from './ledger/reader.ts';
import { configureRunTopic, createRunTopics, type RunTopicOptions, type RunTopics } from './ledger/topics.ts';
import type { Verdict } from './ledger/verdict.ts';
import { startWriter, type Writer, type WriterOptions } from './ledger/writer.ts';

export interface PipelineOptions extends RunTopicOptions {
  /** The bundle that its instances run (default: the one that ships, built anew). */
  readonly bundle?: string;
  /** The function to start (default: `processor`). */
  readonly functionName?: string;
  /** Settings of all instances, over those that make tests short. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onTestFinished?: InstanceOptions['onTestFinished'];
}

/** Topics and a consumer group of its own, what is written to them, and the instances between. */
export interface Pipeline {
  readonly topics: RunTopics;
  readonly groupId: string;
  /** Starts one instance and waits for nothing. */
  start(env?: Readonly<Record<string, string>>): Instance;
  /** Starts so many, and waits until each has its share. */
  startAll(count: number): Promise<Instance[]>;
  /** Starts writing. Once per pipeline, for the verdict to know all fates. */
  write(options: Omit<WriterOptions, 'bootstrapServers' | 'topic'>): Promise<Writer>;
  /** Waits until all that was written is done and committed. */
  committed(timeoutMs?: number): Promise<void>;
  /** Reads back what the brokers hold and judges it, with every commit that they took. */
  verdict(expectations?: Partial<Expectations>): Promise<Verdict>;
}

let shipped: Promise<string> | undefined;

/** The bundle that ships, as `npm run build` makes it; built once by each test file, so that it is never a stale one. */
export function shippedBundle(): Promise<string> {
  shipped ??= buildBundle().then(({ path }) => path);
  return shipped;
}

export async function createPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  const { bundle = await shippedBundle(), functionName = 'processor' } = options;
  const bootstrapServers = inject('bootstrapServers');
  const partitions = options.partitions ?? 12;
  const topics = await createRunTopics(bootstrapServers, { ...options, partitions });
  const groupId = topics.source;
  let writer: Writer | undefined;
  let started = 0;

  function start(env: Readonly<Record<string, string>> = {}): Instance {
    started += 1;
    return startInstance({
      bundle,
      args: [functionName],
      onTestFinished: options.onTestFinished,
      env: { ...settingsOf(topics, bootstrapServers), INSTANCE_ID: String(started), ...options.env, ...env },
    });
  }

  return {
    topics,
    groupId,
    start,
    async startAll(count) {
      const instances = Array.from({ length: count }, () => start({ TOTAL_INSTANCES: String(count) }));
      await sharesOf(instances, partitions);
      return instances;
    },
    async write(writing) {
      if (writer) throw new Error('this pipeline has a writer already');
      writer = await startWriter({ bootstrapServers, topic: topics.source, ...writing });
      return writer;
    },
    committed: (timeoutMs = 40_000) =>
      waitUntilCommitted({ bootstrapServers, groupId, topic: topics.source, timeoutMs }),
    async verdict(expectations = {}) {
      const logs = await readTopics(
        bootstrapServers,
        { source: topics.source, outputs: topics.output, deadLetters: topics.deadLetters },
        { keepValues: expectations.outputHashOf !== undefined },
      );
      const problems = writer?.reconcile(logs.source).problems ?? [];
      if (problems.length > 0) throw new Error(`The writer or the cluster cheats: ${JSON.stringify(problems[0])}`);
      return judge({
        ...logs,
        commitSamples: await readCommitHistory({ bootstrapServers, groupId, topic: topics.source }),
        expectations: { fateOf: (record) => writer?.fateOf(record), functionName, ...expectations },
      });
    },
  };
}

/** The broker that looks after a group: the worst one to lose. */
export function coordinatorOf(groupId: string): Promise<number> {
  return findCoordinator(inject('bootstrapServers'), groupId);
}

/** Settings of an instance between these topics, with waits as short as they can be. */
export function settingsOf(topics: RunTopics, bootstrapServers: readonly string[]): Record<string, string> {
  return {
    KAFKA_BOOTSTRAP_SERVERS: bootstrapServers.join(','),
    KAFKA_GROUP_ID: topics.source,
    SOURCE_TOPIC: topics.source,
    OUTPUT_TOPIC: topics.output,
    DEAD_LETTER_TOPIC: topics.deadLetters,
    KAFKA_FETCH_MAX_WAIT_MS: '100',
    KAFKA_HEARTBEAT_INTERVAL_MS: '500',
    METRICS_PORT: '0',
    STARTUP_TIMEOUT_MS: '30000',
  };
}

/** Waits until the instances share the partitions evenly, each partition in one of them. */
export async function sharesOf(instances: readonly Instance[], partitions: number, timeoutMs = 40_000): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  const share = partitions / instances.length;
  for (;;) {
    const owned = instances.map(({ assigned }) => assigned ?? []);
    const even = owned.every(({ length }) => length === Math.floor(share) || length === Math.ceil(share));
    if (even && new Set(owned.flat()).size === partitions && owned.flat().length === partitions) return;
    if (Date.now() > deadlineMs) {
      const shares = owned.map((list) => `[${list.join(', ')}]`).join(' ');
      throw new Error(`${partitions} partitions are not shared evenly after ${timeoutMs} ms: ${shares}`);
    }
    await sleep(100);
  }
}

/** Writes records once each, in order per partition. A send over several leaders that is tried again may double some. */
export async function writeRecords(
  topic: string,
  messages: readonly (Message & { partition: number })[],
): Promise<void> {
  const producer = ledgerClient(inject('bootstrapServers')).producer({ idempotent: true });
  await producer.connect();
  try {
    for (const partition of new Set(messages.map((message) => message.partition))) {
      await producer.send({ topic, messages: messages.filter((message) => message.partition === partition) });
    }
  } finally {
    await producer.disconnect();
  }
}

/** Changes configs of a topic that `createRunTopics` made: those given, with the rest as they were made. */
export function configureTopic(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
  return configureRunTopic(inject('bootstrapServers'), topic, configs);
}
