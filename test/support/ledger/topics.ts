import { randomBytes } from 'node:crypto';
import type { Admin } from 'kafkajs';
import { ledgerClient, persist } from './client.ts';

export interface RunTopics {
  readonly source: string;
  readonly output: string;
  readonly deadLetters: string;
}

export interface RunTopicOptions {
  readonly prefix?: string;
  /** Of the source (default 6). */
  readonly partitions?: number;
  /** Must divide the source's, as the dead letters' must (default: as many). */
  readonly outputPartitions?: number;
  readonly deadLetterPartitions?: number;
  /** The largest batch that the output topic takes (default 1 MB). Set later, it would reach some brokers too late. */
  readonly outputMaxBytes?: number;
  /** Whether source records carry the time of their append too, in place of the writer's. */
  readonly sourceAppendTime?: boolean;
  /** How brokers pack the source (default: as its writers do, who do not). */
  readonly sourceCodec?: 'lz4' | 'snappy' | 'zstd';
}

const limits = (maxBytes = 1_048_576): { name: string; value: string }[] => [
  { name: 'min.insync.replicas', value: '2' },
  { name: 'max.message.bytes', value: String(maxBytes) },
];
const appendTime = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];

/**
 * Creates three topics of unique names for a run under judgement. Output and dead letters carry the time at which the
 * broker appended them (`LogAppendTime`): the evidence by which commits are judged.
 */
export async function createRunTopics(
  bootstrapServers: readonly string[],
  options: RunTopicOptions = {},
): Promise<RunTopics> {
  const { prefix = 'ledger', partitions = 6 } = options;
  const id = randomBytes(4).toString('hex');
  const names = { source: `${prefix}.raw.${id}`, output: `${prefix}.out.${id}`, deadLetters: `${prefix}.dlq.${id}` };
  const ofSource = [
    ...(options.sourceAppendTime ? appendTime : []),
    ...(options.sourceCodec ? [{ name: 'compression.type', value: options.sourceCodec }] : []),
  ];
  const wanted = [
    { topic: names.source, numPartitions: partitions, configEntries: ofSource },
    { topic: names.output, numPartitions: options.outputPartitions ?? partitions, configEntries: appendTime },
    { topic: names.deadLetters, numPartitions: options.deadLetterPartitions ?? partitions, configEntries: appendTime },
  ];
  const admin = ledgerClient(bootstrapServers).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: false,
      timeout: 20_000,
      topics: wanted.map((topic) => ({
        ...topic,
        replicationFactor: 3,
        configEntries: [
          ...limits(topic.topic === names.output ? options.outputMaxBytes : undefined),
          ...topic.configEntries,
        ],
      })),
    });
  } finally {
    await admin.disconnect();
  }
  await untilKnown(bootstrapServers, Object.values(names));
  return names;
}

/** Brokers learn of a topic one after the other, and a client asks any of them: waits until all know who leads. */
export async function untilKnown(bootstrapServers: readonly string[], topics: string[]): Promise<void> {
  await Promise.all(bootstrapServers.map((server) => waitForLeaders(server, topics)));
}

async function waitForLeaders(server: string, topics: string[]): Promise<void> {
  const admin = ledgerClient([server], { retry: { retries: 1 } }).admin();
  try {
    await admin.connect();
  } catch {
    // A broker that is away does not answer others either.
    return;
  }
  try {
    await persist(Date.now() + 60_000, `the new topics at ${server}`, async () => {
      const metadata = await admin.fetchTopicMetadata({ topics });
      const partitions = metadata.topics.flatMap((topic) => topic.partitions);
      if (!partitions.every(({ leader }) => leader >= 0)) throw new Error('Some partitions have no leader yet');
    });
  } finally {
    await admin.disconnect();
  }
}

/** Deletes topics: what is in them is gone. */
export async function deleteRunTopics(bootstrapServers: readonly string[], topics: string[]): Promise<void> {
  await administer(bootstrapServers, (admin) => admin.deleteTopics({ topics, timeout: 20_000 }));
}

/** Makes an output topic anew, as `createRunTopics` made it. */
export async function createRunTopic(bootstrapServers: readonly string[], topic: string, count: number): Promise<void> {
  const wanted = { topic, numPartitions: count, replicationFactor: 3, configEntries: [...limits(), ...appendTime] };
  await administer(bootstrapServers, (admin) => admin.createTopics({ timeout: 20_000, topics: [wanted] }));
}

async function administer(
  bootstrapServers: readonly string[],
  work: (admin: Admin) => Promise<unknown>,
): Promise<void> {
  const admin = ledgerClient(bootstrapServers).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Changes configs of a topic that `createRunTopics` made with append times: those given, the rest as they were made. */
export async function configureRunTopic(
  bootstrapServers: readonly string[],
  topic: string,
  configs: Readonly<Record<string, string>>,
): Promise<void> {
  const whole = {
    ...Object.fromEntries([...limits(), ...appendTime].map(({ name, value }) => [name, value])),
    ...configs,
  };
  const configEntries = Object.entries(whole).map(([name, value]) => ({ name, value }));
  const resources = [{ type: 2, name: topic, configEntries }];
  await administer(bootstrapServers, (admin) => admin.alterConfigs({ validateOnly: false, resources }));
}
