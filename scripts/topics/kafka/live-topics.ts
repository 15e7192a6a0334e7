import type { MetadataAnswer } from 'kafkajs/src/protocol/requests/index.js';
import type { TopicDeclaration } from '../../../infra/topics.ts';
import { isInternal } from '../difference.ts';
import type { LiveTopic } from '../target.ts';
import { refusal } from './refusal.ts';
import type { Session } from './session.ts';

const topicResource = 2;
const unknownTopic = 3;
/** Read together: one request for all would keep a broker busy and its answer in memory whole. */
const topicsPerRequest = 100;

type TopicMetadata = MetadataAnswer['topicMetadata'][number];

/**
 * All topics that are not internal, and the settings in force of those that are declared.
 * @throws CommandError when the user may not see one that is declared
 */
export async function readLiveTopics(
  session: Session,
  declared: readonly TopicDeclaration[],
): Promise<readonly LiveTopic[]> {
  const found = await listedTopics(session, declared);
  const present = declared.filter(({ name }) => found.has(name));
  const configs = await readConfigs(session, present);
  return [...found.values()]
    .filter(({ topic, isInternal: internal }) => !internal && !isInternal(topic))
    .map(({ topic, partitionMetadata }) => ({
      name: topic,
      partitions: partitionMetadata.length,
      replicationFactor: Math.min(...partitionMetadata.map(({ replicas }) => replicas.length)),
      configs: configs.get(topic) ?? new Map<string, string>(),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A list of all leaves out what the user may not see: asked for by name, the broker says whether that is why. */
async function listedTopics(
  session: Session,
  declared: readonly TopicDeclaration[],
): Promise<Map<string, TopicMetadata>> {
  const listed = (await session.metadata([])).topicMetadata;
  const names = new Set(listed.map(({ topic }) => topic));
  const missing = declared.map(({ name }) => name).filter((name) => !names.has(name));
  const asked = missing.length === 0 ? [] : (await session.metadata(missing)).topicMetadata;
  const denied = asked.find(({ topicErrorCode }) => topicErrorCode === 29);
  if (denied) {
    const right = `Describe on topic ${denied.topic}`;
    throw refusal({ wanted: `describe topic ${denied.topic}`, right, code: denied.topicErrorCode });
  }
  return new Map(
    [...listed, ...asked]
      .filter(({ partitionMetadata }) => partitionMetadata.length > 0)
      .map((topic) => [topic.topic, topic]),
  );
}

async function readConfigs(
  session: Session,
  topics: readonly TopicDeclaration[],
): Promise<Map<string, ReadonlyMap<string, string>>> {
  const byTopic = new Map<string, ReadonlyMap<string, string>>();
  for (let from = 0; from < topics.length; from += topicsPerRequest) {
    const resources = topics.slice(from, from + topicsPerRequest).map(({ name, configs }) => ({
      type: topicResource,
      name,
      configNames: Object.keys(configs),
    }));
    const answer = await session.ask((broker) => broker.ask('DescribeConfigs', { resources, includeSynonyms: false }));
    for (const { errorCode, errorMessage, resourceName: name, configEntries } of answer.resources) {
      // Deleted a moment ago, or not yet known to the broker that was asked: for now, nothing is known of it.
      if (errorCode === unknownTopic) continue;
      if (errorCode !== 0) {
        const right = `DescribeConfigs on topic ${name}`;
        throw refusal({ wanted: `read the settings of topic ${name}`, right, code: errorCode, message: errorMessage });
      }
      const entries = configEntries.flatMap(({ configName, configValue }) =>
        configValue === null ? [] : [[configName, configValue] as const],
      );
      byTopic.set(name, new Map(entries));
    }
  }
  return byTopic;
}
