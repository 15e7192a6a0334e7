import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { startCluster } from '../../infra/cluster/cluster.ts';
import { topics as declaredTopics, type TopicConfigs, type TopicDeclaration } from '../../infra/topics.ts';
import { startFeed } from '../feed/start.ts';
import { ensureTopics } from '../topics/ensure.ts';
import { type BenchTopics, contractsInContainer } from './container.ts';

/**
 * For brokers whose pauses are in what is measured. 1 GB is what Kafka's own scripts give; with most of it young they collect
 * once in seconds, where the 512 MB of other local clusters have each of three brokers pause twice a second for 10 ms.
 */
export const largeHeap: readonly string[] = ['-Xms1g', '-Xmx1g', '-Xmn700m'];

type Say = (line: string) => void;

/**
 * Runs something on a three-broker cluster of its own, or on the one that KAFKA_BOOTSTRAP_SERVERS names.
 * @param jvm Java's options for the brokers of its own, over those of every local cluster
 */
export async function withCluster(
  say: Say,
  use: (bootstrapServers: readonly string[], dir: string | undefined) => Promise<void>,
  jvm: readonly string[] = [],
): Promise<void> {
  const given = process.env.KAFKA_BOOTSTRAP_SERVERS;
  if (given) return use(given.split(','), undefined);
  const dir = mkdtempSync(join(tmpdir(), 'hft-bench-'));
  const cluster = await startCluster({ dir, attached: true, temporary: true, jvm, onProgress: say });
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
