import { setTimeout as sleep } from 'node:timers/promises';
import type { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { connectionRefusal } from '../../functions/kafka/kafkajs/connection-refusal.ts';
import { CommandError } from '../support/command.ts';

export type KafkaClient = ReturnType<typeof kafkaClient>;
type Admin = ReturnType<KafkaClient['admin']>;

/** The leader's node id of each partition, by partition number; -1 where there is none just now. */
export type Leaders = readonly number[];

/** Looks the topic up, or says in one sentence what is wrong and what to do. */
export async function findLeaders(client: KafkaClient, brokers: readonly string[], topic: string): Promise<Leaders> {
  const admin = client.admin();
  try {
    await admin.connect();
  } catch (error) {
    const refused = connectionRefusal(error);
    if (refused) {
      throw new CommandError(`No broker at ${brokers.join(', ')} will do (${refused.cause}): ${refused.remedy}.`);
    }
    throw new CommandError(
      `Cannot reach a broker at ${brokers.join(', ')} (${reasonOf(error)}): start the cluster with 'npm run cluster -- start', ` +
        'or name another with --bootstrap-servers or KAFKA_BOOTSTRAP_SERVERS.',
    );
  }
  try {
    return await leadersOf(admin, topic);
  } catch (error) {
    const type = errorType(error);
    if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
      throw new CommandError(
        `There is no topic '${topic}' at ${brokers.join(', ')}: make the topics with 'npm run topics -- apply', ` +
          'or name another with --topic.',
      );
    }
    if (type === 'TOPIC_AUTHORIZATION_FAILED') throw notAllowed(topic, type);
    if (type === 'INVALID_TOPIC_EXCEPTION') throw new CommandError(`'${topic}' is not a name a topic can have.`);
    throw new CommandError(`Cannot look up the topic '${topic}' at ${brokers.join(', ')} (${reasonOf(error)}).`);
  } finally {
    await admin.disconnect();
  }
}

async function leadersOf(admin: Admin, topic: string, attempts = 6): Promise<Leaders> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const leaders: number[] = [];
    for (const { partitionId, leader } of topics[0]?.partitions ?? []) leaders[partitionId] = leader;
    return leaders;
  } catch (error) {
    // For a moment after a topic was made, some brokers do not know it yet.
    if (attempts === 1 || errorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    await sleep(200);
    return await leadersOf(admin, topic, attempts - 1);
  }
}

/** What happened, without the client's "Connection error:" and the like around it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error.cause instanceof Error ? error.cause.message : error.message).replace(/^Connection error: /, '');
}

/** Kafka's name of an error that a broker answered with, wherever the client put it. */
function errorType(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('type' in at && typeof at.type === 'string') return at.type;
  }
  return undefined;
}

function notAllowed(topic: string, type: string): CommandError {
  return new CommandError(
    `Not allowed to write to '${topic}' (${type}): grant this user Write on topic ${topic} (npm run topics -- apply), or use one that has it.`,
  );
}

/** Errors of a send that sending again cannot mend, as a sentence; `undefined` for all others. */
export function fatalError(error: unknown, topic: string): CommandError | undefined {
  const type = errorType(error);
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    return new CommandError(
      `A record is larger than max.message.bytes of '${topic}': raise it, or use fewer --contracts.`,
    );
  }
  if (type === 'TOPIC_AUTHORIZATION_FAILED' || type === 'CLUSTER_AUTHORIZATION_FAILED') {
    return notAllowed(topic, type);
  }
  const final = error instanceof Error && 'retriable' in error && error.retriable === false;
  if (!final || error.name === 'KafkaJSNumberOfRetriesExceeded') return undefined;
  return new CommandError(`Cannot write to '${topic}': ${reasonOf(error)}`);
}
