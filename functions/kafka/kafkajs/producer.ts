import type { Kafka } from 'kafkajs';
import type { LeaderBroker } from 'kafkajs/src/cluster/index.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import { messageOf } from '../../runtime/errors.ts';
import { deniedText } from '../denied.ts';
import type { ProduceBatch, Producer, SendFailure } from '../port.ts';
import { decodeProduceResponse, encodeProduceRequest, produceApi } from '../wire/produce.ts';
import { type Compression, prepareRecordBatch } from '../wire/record-batch.ts';
import { createCluster } from './cluster.ts';
import {
  isAlreadyStored,
  isConnectionTrouble,
  isIdentityRefused,
  isTooLarge,
  isUnauthorized,
  typeOf,
} from './failures.ts';
import { sendRaw } from './raw-request.ts';

/** Who the broker takes us for, and where each partition's sequence stands: what makes a repeated batch harmless. */
interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly sequences: Map<string, number>;
}

/** Requests grow to about this much under a backlog, and then one after the other to each broker. */
const reusedBytes = 1_310_720;
/** What a leader has to gather its replicas' word. Less than a request may take: its answer says more than none. */
const produceTimeoutMs = 8_000;
const maxSequence = 2 ** 31;

/**
 * An idempotent producer that sends one request to one broker. The sequence numbers are kept here: a batch that is sent
 * again unchanged carries the same ones, so the broker stores it once, even when the first answer was lost.
 */
export function kafkajsProducer(kafka: Kafka, topics: readonly string[]): Producer {
  const cluster = createCluster(kafka);
  let identity: Promise<Identity> | undefined;
  let leaders = new Map<string, number>();
  const spare: Buffer[] = [];

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

  async function send(
    batches: readonly ProduceBatch[],
    compression: Compression,
  ): Promise<readonly (SendFailure | undefined)[]> {
    const [first] = batches;
    if (first === undefined) return [];
    try {
      const used = await currentIdentity();
      const broker = await cluster.findBroker({ nodeId: String(leaders.get(nameOf(first)) ?? -1) });
      const body = encode(batches, used, compression, room);
      const errorCodes = await produce(broker, body);
      // Answered, so it was sent whole: nothing reads these bytes any more.
      if (body.buffer.byteLength === reusedBytes) spare.push(Buffer.from(body.buffer));
      const failures = batches.map((batch) => failureOf(batch, errorCodes.get(nameOf(batch)), used));
      if (failures.some((failure) => failure?.kind === 'identity') && (await identity) === used) identity = undefined;
      return failures.map((failure): SendFailure | undefined =>
        failure?.kind === 'identity'
          ? { kind: 'transient', message: failure.message }
          : (failure as SendFailure | undefined),
      );
    } catch (error) {
      forgetBroker(error);
      const failure: SendFailure = isUnauthorized(error)
        ? deniedWrite(first.topic)
        : { kind: 'transient', message: describe(error) };
      return batches.map(() => failure);
    }
  }

  /** Moves the sequence over what is stored. The same batch sent again under the old one is known to the broker. */
  function failureOf(
    batch: ProduceBatch,
    errorCode: number | undefined,
    used: Identity,
  ): { kind: SendFailure['kind'] | 'identity'; message: string } | undefined {
    const error = errorCode === 0 ? undefined : createErrorFromCode(errorCode ?? -1);
    if (error === undefined || isAlreadyStored(error)) {
      const next = (used.sequences.get(nameOf(batch)) ?? 0) + batch.records.length;
      used.sequences.set(nameOf(batch), next % maxSequence);
      return undefined;
    }
    if (isTooLarge(error)) return { kind: 'too-large', message: describe(error) };
    if (isUnauthorized(error)) return deniedWrite(batch.topic);
    return { kind: isIdentityRefused(error) ? 'identity' : 'transient', message: describe(error) };
  }

  function forgetBroker(error: unknown): void {
    const { host, port } = error as { host?: unknown; port?: unknown };
    if (isConnectionTrouble(error) && typeof host === 'string' && typeof port === 'number') {
      cluster.removeBroker({ host, port });
    }
  }

  /** Memory for a request. What each would take for itself is collected late: it is not on the heap that V8 watches. */
  function room(bytes: number): Buffer {
    if (bytes < reusedBytes / 8 || bytes > reusedBytes) return Buffer.allocUnsafe(bytes);
    return spare.pop() ?? Buffer.allocUnsafeSlow(reusedBytes);
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

function nameOf({ topic, partition }: ProduceBatch): string {
  return `${topic}/${partition}`;
}

function deniedWrite(name: string): SendFailure {
  return { kind: 'denied', message: deniedText({ operation: 'Write', resource: 'topic', name }) };
}

function describe(error: unknown): string {
  return `${typeOf(error)}: ${messageOf(error)}`;
}

function encode(
  batches: readonly ProduceBatch[],
  identity: Identity,
  compression: Compression,
  room: (bytes: number) => Buffer,
): Buffer {
  const { producerId, producerEpoch, sequences } = identity;
  const nowMs = Date.now();
  const addressed = batches.map((unsent) => {
    const { topic, partition, records } = unsent;
    const firstSequence = sequences.get(nameOf(unsent)) ?? 0;
    const batch = prepareRecordBatch(records, { producerId, producerEpoch, firstSequence }, nowMs, compression);
    return { topic, partition, batch };
  });
  return encodeProduceRequest(addressed, produceTimeoutMs, room);
}

async function produce(broker: LeaderBroker, body: Buffer): Promise<ReadonlyMap<string, number>> {
  const { errorCodes } = await sendRaw(
    broker,
    { api: produceApi, version: produceApi.version, body },
    decodeProduceResponse,
  );
  return errorCodes;
}
