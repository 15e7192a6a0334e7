import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { startCluster } from '../../infra/cluster/cluster.ts';
import { topics as declaredTopics, type TopicConfigs, type TopicDeclaration } from '../../infra/topics.ts';
import { startFeed } from '../feed/start.ts';
import { ensureTopics } from '../topics/ensure.ts';
import { type BenchTopics, contractsInContainer } from './container.ts';

/** Of Linux: files there are memory. */
export const memory = '/dev/shm';
/** More than the brokers of a latency run write, and what they hold themselves. */
const neededBytes = 8 * 1_073_741_824;

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
  { parent = tmpdir(), ...brokers }: Brokers = {},
): Promise<void> {
  const given = process.env.KAFKA_BOOTSTRAP_SERVERS;
  if (given) return use(given.split(','), undefined);
  const dir = mkdtempSync(join(parent, 'hft-bench-'));
  const cluster = await startCluster({ dir, attached: true, temporary: true, ...brokers, onProgress: say });
  try {
    await use(cluster.bootstrapServers, dir);
  } finally {
    await cluster.stop({ graceMs: 0 });
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Topics of this run alone, declared as the contract's are. */
export async function freshTopics(
  bootstrapServers: readonly string[],
  kind: string,
  codec: TopicConfigs['compression.type'] = 'producer',
): Promise<BenchTopics> {
  const suffix = `bench-${kind}-${Date.now()}`;
  const names = { source: `raw-${suffix}`, output: `enriched-${suffix}`, deadLetters: `dlq-${suffix}` };
  const like = (name: string, original: string): TopicDeclaration => {
    const declared = declaredTopics.find((topic) => topic.name === original);
    if (declared === undefined) throw new Error(`${original} is not declared`);
    const { follows: _, ...rest } = declared;
    return { ...rest, name };
  };
  const compressed = (topic: TopicDeclaration): TopicDeclaration => {
    return { ...topic, configs: { ...topic.configs, 'compression.type': codec } };
  };
  await ensureTopics(
    [...bootstrapServers],
    [
      like(names.source, 'market.raw'),
      compressed(like(names.output, 'market.enriched')),
      like(names.deadLetters, 'market.raw.dlq'),
    ],
  );
  return { bootstrapServers, ...names };
}

/** Deletes the topics of a run. */
export async function deleteTopics({ bootstrapServers, source, output, deadLetters }: BenchTopics): Promise<void> {
  const admin = kafkaClient({ brokers: bootstrapServers, clientId: 'bench' }).admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: [source, output, deadLetters] });
  } finally {
    await admin.disconnect();
  }
}

/** Feeds a backlog, of small records unless it says otherwise. */
export async function fill(
  topics: BenchTopics,
  count: number,
  say: Say,
  contracts: number = contractsInContainer,
): Promise<void> {
  say(`feeding ${count} records of ${contracts} contracts ...`);
  const { bootstrapServers, source: topic } = topics;
  const feed = await startFeed({ bootstrapServers, topic, count, contracts, symbols: 2_400 });
  await feed.done;
}
