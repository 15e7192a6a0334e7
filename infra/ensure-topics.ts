import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Admin } from 'kafkajs';
import { kafkaClient } from '../functions/kafka/kafkajs/client.ts';
import { StartupError } from '../functions/runtime/errors.ts';
import { declarationProblems, type TopicDeclaration } from './topics.ts';

/** What `ensureTopics` found and did. */
export interface EnsuredTopics {
  readonly created: readonly string[];
  readonly existing: readonly string[];
}

// Node finds only some of this CommonJS package's exports by name.
const { ConfigResourceTypes, KafkaJSAggregateError, KafkaJSProtocolError } = kafkajs;

const leadersTimeoutMs = 30_000;

/**
 * Creates the declared topics that are missing and waits until every partition of all has a leader. Calling it again
 * changes nothing. A topic that exists and differs from its declaration is left alone: a StartupError
 * (CLUSTER_UNFIT) names each of them with what differs.
 */
export async function ensureTopics(
  bootstrapServers: readonly string[],
  declared: readonly TopicDeclaration[],
): Promise<EnsuredTopics> {
  const problems = declarationProblems(declared);
  if (problems.length > 0) throw new StartupError('CONFIG_INVALID', problems);
  const admin = kafkaClient({ brokers: bootstrapServers, clientId: 'hft-topics' }).admin();
  try {
    await admin.connect();
  } catch (error) {
    const servers = bootstrapServers.join(', ');
    throw new StartupError('CLUSTER_UNFIT', [`no Kafka broker answers at ${servers}: is the cluster running?`], error);
  }
  try {
    const present = new Set(await admin.listTopics());
    const missing = declared.filter((topic) => !present.has(topic.name));
    if (missing.length > 0) await create(admin, missing);
    await waitForLeaders(admin, declared);
    const differences = await untilKnown(() => differencesOf(admin, declared));
    if (differences.length > 0) throw new StartupError('CLUSTER_UNFIT', differences);
    const created = missing.map((topic) => topic.name);
    return { created, existing: declared.map((topic) => topic.name).filter((name) => !created.includes(name)) };
  } finally {
    await admin.disconnect();
  }
}

async function create(admin: Admin, missing: readonly TopicDeclaration[]): Promise<void> {
  try {
    await admin.createTopics({
      // Its own wait gives up at the first broker that has not heard of a topic yet.
      waitForLeaders: false,
      timeout: 20_000,
      topics: missing.map((topic) => ({
        topic: topic.name,
        numPartitions: topic.partitions,
        replicationFactor: topic.replicationFactor,
        configEntries: Object.entries(topic.configs).map(([name, value]) => ({ name, value })),
      })),
    });
  } catch (error) {
    // A topic that someone else created meanwhile is checked below like any other.
    const refusals = refusalsOf(error).filter(({ type }) => type !== 'TOPIC_ALREADY_EXISTS');
    if (refusals.length === 0) return;
    const names = missing.map((topic) => topic.name).join(', ');
    const problems = refusals.map(({ topic, reason }) => `${topic ?? names} cannot be created: ${reason}`);
    throw new StartupError('CLUSTER_UNFIT', problems, error);
  }
}

function refusalsOf(error: unknown): { topic?: string; type?: string; reason: string }[] {
  if (error instanceof KafkaJSAggregateError) return error.errors.flatMap(refusalsOf);
  if (error instanceof KafkaJSProtocolError) {
    const named = 'topic' in error && typeof error.topic === 'string' ? { topic: error.topic } : {};
    return [{ ...named, type: error.type, reason: error.message }];
  }
  return [{ reason: error instanceof Error ? error.message : String(error) }];
}

async function waitForLeaders(admin: Admin, declared: readonly TopicDeclaration[]): Promise<void> {
  const names = declared.map((topic) => topic.name);
  const until = Date.now() + leadersTimeoutMs;
  for (;;) {
    const lacking = await topicsWithoutLeaders(admin, names);
    if (lacking.length === 0) return;
    if (Date.now() > until) {
      const problems = lacking.map(
        (name) => `${name} still has partitions without a leader after ${leadersTimeoutMs / 1_000} s`,
      );
      throw new StartupError('CLUSTER_UNFIT', problems);
    }
    await delay(100);
  }
}

/** Each question may go to another broker, and that one may not have heard of a new topic yet. */
async function untilKnown<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const until = Date.now() + leadersTimeoutMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof KafkaJSProtocolError && error.retriable) || Date.now() > until) throw error;
      await delay(100);
    }
  }
}

async function topicsWithoutLeaders(admin: Admin, names: string[]): Promise<string[]> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    const led = topics.filter(
      ({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0),
    );
    return names.filter((name) => !led.some((topic) => topic.name === name));
  } catch (error) {
    // A broker that has not heard of a topic yet, or that has no leader for it yet.
    if (error instanceof KafkaJSProtocolError && error.retriable) return names;
    throw error;
  }
}

async function differencesOf(admin: Admin, declared: readonly TopicDeclaration[]): Promise<string[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: declared.map((topic) => topic.name) });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: declared.map((topic) => ({
      type: ConfigResourceTypes.TOPIC,
      name: topic.name,
      configNames: Object.keys(topic.configs),
    })),
  });
  return declared.flatMap((topic) => {
    const partitions = topics.find(({ name }) => name === topic.name)?.partitions ?? [];
    const entries = resources.find(({ resourceName }) => resourceName === topic.name)?.configEntries ?? [];
    const found: [what: string, wanted: string, found: string][] = [
      ['partitions', String(topic.partitions), String(partitions.length)],
      ['replication factor', String(topic.replicationFactor), String(partitions[0]?.replicas.length)],
      ...Object.entries(topic.configs).map(([name, wanted]): [string, string, string] => [
        name,
        wanted,
        String(entries.find((entry) => entry.configName === name)?.configValue),
      ]),
    ];
    const wrong = found.filter(([, wanted, actual]) => wanted !== actual);
    if (wrong.length === 0) return [];
    const list = wrong.map(([what, wanted, actual]) => `${what} is ${actual}, declared ${wanted}`).join('; ');
    return [`topic ${topic.name} differs from its declaration: ${list}`];
  });
}
