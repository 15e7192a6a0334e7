import { CompressionTypes, type Kafka } from 'kafkajs';
import type { Cluster } from 'kafkajs/src/cluster/index.js';
import { messageOf } from '../../runtime/errors.ts';
import type { ProduceBatch, Producer, SendFailure } from '../port.ts';
import { isAlreadyStored, isConnectionTrouble, isIdentityRefused, isTooLarge, typeOf } from './failures.ts';

/** Who the broker takes us for, and where each partition's sequence stands: what makes a repeated batch harmless. */
interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly sequences: Map<string, number>;
}

const acksFromAllInSync = -1;
const produceTimeoutMs = 10_000;
const maxSequence = 2 ** 31;

/** kafkajs keeps the factory of its clusters under a symbol; the public producer cannot send to one broker only. */
function createCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find((one) => one.description?.includes('createCluster'));
  const factory: unknown = symbol && Reflect.get(kafka, symbol);
  if (typeof factory !== 'function') throw new Error('This kafkajs has no createCluster: version 2.2.4 is expected.');
  return factory({ metadataMaxAge: 60_000, allowAutoTopicCreation: false });
}

/**
 * An idempotent producer that sends one request to one broker. The sequence numbers are kept here: a batch that is sent
 * again unchanged carries the same ones, so the broker stores it once, even when the first answer was lost.
 */
export function kafkajsProducer(kafka: Kafka, topics: readonly string[]): Producer {
  const cluster = createCluster(kafka);
  let identity: Promise<Identity> | undefined;
  let leaders = new Map<string, number>();

  function learnLeaders(): void {
    const learned = new Map<string, number>();
    for (const topic of topics) {
      for (const { partitionId, leader } of cluster.findTopicPartitionMetadata(topic)) {
        learned.set(`${topic}/${partitionId}`, leader);
      }
    }
    leaders = learned;
  }

  async function newIdentity(): Promise<Identity> {
    const broker = await cluster.findControllerBroker();
    const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 60_000 });
    return { producerId, producerEpoch, sequences: new Map() };
  }

  function currentIdentity(): Promise<Identity> {
    identity ??= newIdentity().catch((error: unknown) => {
      identity = undefined;
      throw error;
    });
    return identity;
  }

  async function refreshLeaders(): Promise<void> {
    try {
      if (!cluster.isConnected()) await cluster.connect();
      await cluster.refreshMetadata();
      learnLeaders();
    } catch {
      // No broker answers: the leaders known so far stay, and the next try asks again.
    }
  }

  async function send(batches: readonly ProduceBatch[], compress: boolean): Promise<SendFailure | undefined> {
    const first = batches[0];
    if (first === undefined) return undefined;
    let used: Identity | undefined;
    try {
      used = await currentIdentity();
      const { sequences, producerId, producerEpoch } = used;
      const broker = await cluster.findBroker({ nodeId: String(leaders.get(keyOf(first)) ?? -1) });
      await broker.produce({
        producerId,
        producerEpoch,
        acks: acksFromAllInSync,
        timeout: produceTimeoutMs,
        compression: compress ? CompressionTypes.GZIP : CompressionTypes.None,
        topicData: topicDataOf(batches, sequences),
      });
      advance(batches, sequences);
      return undefined;
    } catch (error) {
      if (isAlreadyStored(error) && batches.length === 1 && used !== undefined) {
        advance(batches, used.sequences);
        return undefined;
      }
      if (isIdentityRefused(error) && used !== undefined && (await identity) === used) identity = undefined;
      forgetBroker(error);
      return { kind: isTooLarge(error) ? 'too-large' : 'transient', message: `${typeOf(error)}: ${messageOf(error)}` };
    }
  }

  function forgetBroker(error: unknown): void {
    const { host, port } = error as { host?: unknown; port?: unknown };
    if (isConnectionTrouble(error) && typeof host === 'string' && typeof port === 'number') {
      cluster.removeBroker({ host, port });
    }
  }

  return {
    async connect() {
      await cluster.connect();
      await cluster.addMultipleTargetTopics([...topics]);
      learnLeaders();
      await currentIdentity();
    },
    leaderOf: (topic, partition) => leaders.get(`${topic}/${partition}`) ?? -1,
    refreshLeaders,
    send,
    close: () => cluster.disconnect(),
  };
}

function keyOf({ topic, partition }: ProduceBatch): string {
  return `${topic}/${partition}`;
}

type TopicData = Parameters<Awaited<ReturnType<Cluster['findBroker']>>['produce']>[0]['topicData'];

function topicDataOf(batches: readonly ProduceBatch[], sequences: ReadonlyMap<string, number>): TopicData {
  const byTopic = new Map<string, TopicData[number]['partitions']>();
  for (const batch of batches) {
    const partitions = byTopic.get(batch.topic) ?? [];
    byTopic.set(batch.topic, partitions);
    const firstSequence = sequences.get(keyOf(batch)) ?? 0;
    partitions.push({ partition: batch.partition, firstSequence, messages: batch.records });
  }
  return [...byTopic].map(([topic, partitions]) => ({ topic, partitions }));
}

function advance(batches: readonly ProduceBatch[], sequences: Map<string, number>): void {
  for (const batch of batches) {
    const next = (sequences.get(keyOf(batch)) ?? 0) + batch.records.length;
    sequences.set(keyOf(batch), next % maxSequence);
  }
}
