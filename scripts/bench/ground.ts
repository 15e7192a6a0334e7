import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { startCluster } from '../../infra/cluster/cluster.ts';
import { topics as declaredTopics, type TopicConfigs, type TopicDeclaration } from '../../infra/topics.ts';
import { startFeed } from '../feed/start.ts';
import { CommandError } from '../support/command.ts';
import { ensureTopics } from '../topics/ensure.ts';
import { type BenchTopics, contractsInContainer } from './container.ts';

/** Of Linux: files there are memory. */
export const memory = '/dev/shm';
/** More than the brokers of a latency run write, and what they hold themselves. */
const neededBytes = 8 * 1_073_741_824;

/** Of disk a small record, three of it and of its output, and as much again of the run before. */
const diskBytes = 12_000;

/** How the brokers of a bench's own cluster differ from those of every local one. */
export interface Brokers {
  /** Java's options, over those of every local cluster. */
  readonly jvm?: readonly string[];
  /** Kafka's settings, by their name in server.properties, over those of every local cluster. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where their data goes, in place of the system's folder for temporary files. */
  readonly parent?: string;
}

/**
 * For brokers whose pauses are in what is measured: a record waits for all three, so whatever stops one of them for 20 ms is in
 * the p99. They collect beside their work (ZGC), where those of other local clusters stand still for it twice a second. Each of
 * these brokers is a controller as well: it writes no record that says nothing twice a second, for which all would go to their
 * disks; and its data is in memory, where the system has a folder of that. Brokers of a real cluster are no controllers.
 */
export const unhinderedBrokers: Brokers = {
  jvm: ['-Xms1g', '-Xmx1g', '-XX:-UseSerialGC', '-XX:+UseZGC'],
  settings: { 'metadata.max.idle.interval.ms': '0' },
  ...(roomIn(memory) >= neededBytes ? { parent: memory } : {}),
};

/** As they stand on a command line and in server.properties. */
export function optionsOf({ jvm = [], settings = {} }: Brokers): string[] {
  return [...jvm, ...Object.entries(settings).map(([name, value]) => `${name}=${value}`)];
}

function roomIn(dir: string): number {
  if (!existsSync(dir)) return 0;
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

type Say = (line: string) => void;

/** Runs something on a three-broker cluster of its own, or on the one that KAFKA_BOOTSTRAP_SERVERS names. */
export async function withCluster(
  say: Say,
  use: (bootstrapServers: readonly string[], dir: string | undefined) => Promise<void>,
  { parent = tmpdir(), jvm = [], settings = {} }: Brokers = {},
): Promise<void> {
  const given = process.env.KAFKA_BOOTSTRAP_SERVERS;
  if (given) return use(given.split(','), undefined);
  const dir = mkdtempSync(join(parent, 'hft-bench-'));
  const cluster = await startCluster({
    ...{ dir, attached: true, temporary: true, jvm, onProgress: say },
    // What is deleted is to be off the disk before the next run fills it.
    settings: { 'log.segment.delete.delay.ms': '1000', ...settings },
  });
  try {
    await use(cluster.bootstrapServers, dir);
  } finally {
    await cluster.stop({ graceMs: 0 });
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Refuses so many small records where their brokers would fill the disk: they would end one after another, and the
 * instances wait for them.
 */
export function checkRoom(records: number, dir: string = tmpdir()): void {
  const [needed, free] = [records * diskBytes, roomIn(dir)];
  if (free >= needed) return;
  const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new CommandError(
    `the brokers' data takes up to ${gb(needed)} of ${dir}, and ${gb(free)} are free: give a smaller --backlog and --records, or another TMPDIR`,
  );
}

/** A topic to read from. */
export type Source = Pick<BenchTopics, 'bootstrapServers' | 'source'>;

/** {@link withSource} and {@link withOutput}, where one output is enough. */
export async function withTopics<Result>(
  bootstrapServers: readonly string[],
  kind: string,
  use: (topics: BenchTopics) => Promise<Result>,
  codec: TopicConfigs['compression.type'] = 'producer',
): Promise<Result> {
  return await withSource(bootstrapServers, kind, (source) => withOutput(source, kind, use, codec));
}

/**
 * A source of a part alone, declared as the contract's is, and gone when it is done: followers look at every partition whenever
 * they fetch, so that it would slow down what comes next.
 */
export async function withSource<Result>(
  bootstrapServers: readonly string[],
  kind: string,
  use: (source: Source) => Promise<Result>,
): Promise<Result> {
  const source = `raw-${suffixOf(kind)}`;
  const topics = [declared(source, 'market.raw')];
  return await withDeclared(bootstrapServers, topics, () => use({ bootstrapServers, source }));
}

/** An output for one run over a source, gone after it: a million records are 4.5 GB of the brokers' disk. */
export async function withOutput<Result>(
  { bootstrapServers, source }: Source,
  kind: string,
  use: (topics: BenchTopics) => Promise<Result>,
  codec: TopicConfigs['compression.type'] = 'producer',
): Promise<Result> {
  const suffix = suffixOf(kind);
  const [output, deadLetters] = [`enriched-${suffix}`, `dlq-${suffix}`];
  const enriched = declared(output, 'market.enriched');
  const topics = [
    { ...enriched, configs: { ...enriched.configs, 'compression.type': codec } },
    declared(deadLetters, 'market.raw.dlq'),
  ];
  return await withDeclared(bootstrapServers, topics, () => use({ bootstrapServers, source, output, deadLetters }));
}

function suffixOf(kind: string): string {
  return `bench-${kind}-${Date.now()}`;
}

function declared(name: string, original: string): TopicDeclaration {
  const like = declaredTopics.find((topic) => topic.name === original);
  if (like === undefined) throw new Error(`${original} is not declared`);
  const { follows: _, ...rest } = like;
  return { ...rest, name };
}

async function withDeclared<Result>(
  bootstrapServers: readonly string[],
  topics: readonly TopicDeclaration[],
  use: () => Promise<Result>,
): Promise<Result> {
  const admin = kafkaClient({ brokers: bootstrapServers, clientId: 'bench' }).admin();
  await ensureTopics([...bootstrapServers], topics);
  try {
    return await use();
  } finally {
    try {
      await admin.connect();
      await admin.deleteTopics({ topics: topics.map(({ name }) => name) });
    } catch {
      // What failed first is told; brokers of ours are gone soon.
    } finally {
      await admin.disconnect();
    }
  }
}

/** Feeds a backlog, of small records unless it says otherwise. */
export async function fill(
  { bootstrapServers, source: topic }: Source,
  count: number,
  say: Say,
  contracts: number = contractsInContainer,
): Promise<void> {
  say(`feeding ${count} records of ${contracts} contracts ...`);
  const feed = await startFeed({ bootstrapServers, topic, count, contracts, symbols: 2_400 });
  await feed.done;
}
