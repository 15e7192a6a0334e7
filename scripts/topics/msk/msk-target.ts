import { CommandError, UsageError } from '../../support/command.ts';
import { printable } from '../../support/words.ts';
import { isInternal } from '../difference.ts';
import { openKafkaTarget } from '../kafka/kafka-target.ts';
import type { KafkaAccess, LiveTopic, TargetOptions, TopicsTarget } from '../target.ts';
import { isReachable, kafkaAccess } from './access.ts';
import { findCluster, lacksTopicCalls, openMskApi } from './api.ts';
import { UnsupportedCall } from './failures.ts';
import { certain, type Patience, until } from './patience.ts';
import { type TopicCalls, topicCalls } from './topic-calls.ts';

/** Descriptions asked for at once: the service limits the rate of calls. */
const describedAtOnce = 4;

const defaultPatience: Patience = { firstMs: 500, mostMs: 5_000, timeoutMs: 300_000 };

/**
 * A cluster of MSK. Its topics are seen and changed by the service's own calls, which take no way to the brokers; where
 * it has none (serverless, Kafka before 3.6, a cluster that is not ACTIVE), by Kafka's protocol.
 */
export async function openMskTarget(
  options: TargetOptions,
  patience: Patience = defaultPatience,
): Promise<TopicsTarget> {
  const { cluster: wanted, declared } = options;
  if (wanted === undefined) throw new UsageError('--target msk takes --cluster-arn or --cluster-name');
  const api = await openMskApi(wanted, options.region);
  try {
    const cluster = await findCluster(api, wanted);
    const lacking = lacksTopicCalls(cluster);
    const brokers = await accessOrTrouble(() => kafkaAccess(api, cluster, options));
    const name = `MSK cluster ${printable(cluster.name)}`;
    const viaKafka = async (why: string): Promise<TopicsTarget> => {
      const { access } = brokers;
      if (access === undefined) throw brokers.trouble;
      const way = `${access.bootstrapServers.join(',')}, by Kafka's protocol: ${why}`;
      return await openKafkaTarget(`${name} (${way})`, access, declared);
    };
    if (lacking !== undefined) {
      api.client.destroy(); // only its connections: it still has the credentials
      return await viaKafka(lacking);
    }
    const calls = topicCalls(api, cluster.arn, patience);
    const service = serviceTarget(calls, options, patience);
    return withFallback({
      service: {
        ...service,
        description: `${name} (${cluster.arn})`,
        kafka: brokers.access && (await isReachable(brokers.access)) ? brokers.access : undefined,
        kafkaTrouble: brokers.trouble?.message,
        close: async () => api.client.destroy(),
      },
      fallback: () => viaKafka('the service has no topic calls for it'),
    });
  } catch (error) {
    api.client.destroy();
    throw error;
  }
}

type BrokersOrTrouble =
  | { readonly access: KafkaAccess; readonly trouble?: never }
  | { readonly access?: never; readonly trouble: CommandError };

/** The service's calls take no way to the brokers: what is wrong with that way matters once something needs it. */
async function accessOrTrouble(find: () => Promise<KafkaAccess>): Promise<BrokersOrTrouble> {
  try {
    return { access: await find() };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { trouble: error };
  }
}

type ServiceTarget = Omit<TopicsTarget, 'description' | 'kafka' | 'kafkaTrouble' | 'close'>;

/** A target of the service's topic calls. */
function serviceTarget(calls: TopicCalls, { declared }: TargetOptions, patience: Patience): ServiceTarget {
  return {
    async describe() {
      const listed = await calls.list();
      const found = new Map(
        listed
          .filter(({ name }) => !isInternal(name))
          .map(({ name, ...counts }): [string, LiveTopic] => [name, { name, ...counts, configs: new Map() }]),
      );
      // Also those that are not listed: a list may be a minute old, and leaves out what this user may not see.
      await inTurns(declared, async ({ name, configs }) => {
        const topic = await calls.describe(name);
        if (!topic) return void found.delete(name);
        const { partitions, replicationFactor } = topic;
        const named = new Map([...topic.configs].filter(([setting]) => setting in configs));
        found.set(name, { name, partitions, replicationFactor, configs: named });
      });
      return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    },

    create: (topic) => calls.create(topic),

    async setConfigs(name, changes) {
      const before = await calls.describe(name);
      if (!before) throw new CommandError(`there is no topic ${printable(name)} any more: run the same command again.`);
      // Whether an update leaves alone what it does not name, the service does not say: what is declared goes along.
      const configs = declared.find((topic) => topic.name === name)?.configs ?? {};
      const kept = [...before.configs].filter(([setting]) => setting in configs);
      const sent = new Map([...kept, ...changes]);
      await calls.update(name, { configs: sent });
      const after = await calls.describe(name);
      const lost = [...before.configs].filter(
        ([setting, value]) => !sent.has(setting) && after?.configs.get(setting) !== value,
      );
      if (lost.length > 0) await calls.update(name, { configs: new Map([...sent, ...lost]) });
    },

    addPartitions: (name, count) => calls.update(name, { partitions: count }),

    // Those of IAM are not Kafka's: infra/serverless/policies.ts.
    rights: async () => undefined,
    async grant() {
      throw new CommandError('rights are not granted by the service: name the brokers, with --target kafka.');
    },

    async waitUntilReady(names) {
      await inTurns(names, (name) =>
        until(
          patience,
          async () => {
            const topic = await calls.describe(name);
            const leaders = topic && (await calls.leaders(name));
            return { shown: topic?.partitions, led: leaders?.filter((leader) => leader >= 0).length };
          },
          ({ shown, led }) => shown !== undefined && led !== undefined && led >= shown,
          ({ shown, led }) =>
            `${printable(name)} has ${led ?? 0} partitions with a leader of ${shown ?? 'those asked for'}`,
          certain,
        ),
      );
    },
  };
}

/** The service's target, and Kafka's in its place for a call that the service does not do. */
function withFallback(targets: { service: TopicsTarget; fallback: () => Promise<TopicsTarget> }): TopicsTarget {
  const { service } = targets;
  let opened: Promise<TopicsTarget> | undefined;
  async function either<Answer>(call: (target: TopicsTarget) => Promise<Answer>): Promise<Answer> {
    if (opened === undefined) {
      try {
        return await call(service);
      } catch (error) {
        if (!(error instanceof UnsupportedCall)) throw error;
      }
    }
    opened ??= targets.fallback();
    return call(await opened);
  }
  return {
    description: service.description,
    kafka: service.kafka,
    kafkaTrouble: service.kafkaTrouble,
    describe: () => either((target) => target.describe()),
    create: (topic) => either((target) => target.create(topic)),
    setConfigs: (name, changes) => either((target) => target.setConfigs(name, changes)),
    addPartitions: (name, count) => either((target) => target.addPartitions(name, count)),
    rights: () => service.rights(),
    grant: (rights) => service.grant(rights),
    waitUntilReady: (names) => either((target) => target.waitUntilReady(names)),
    close: async () => {
      await service.close();
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

/** Runs a task for each item, a few at once. */
async function inTurns<Item>(items: readonly Item[], task: (item: Item) => Promise<unknown>): Promise<void> {
  const waiting = [...items];
  const next = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await task(item);
  };
  await Promise.all(Array.from({ length: describedAtOnce }, next));
}
