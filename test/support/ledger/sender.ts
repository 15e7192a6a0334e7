import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Producer } from 'kafkajs';
import type { SentRecord } from './sent.ts';

/** A record on its way. */
export interface Outgoing extends SentRecord {
  readonly message: {
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, string>>;
    readonly timestamp: string;
    readonly partition: number;
  };
}

export interface Sender {
  add(record: Outgoing): void;
  flush(): void;
  /** Records not acknowledged yet. */
  readonly outstanding: number;
  readonly lastProblem: string;
  close(): Promise<void>;
}

export interface SenderOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly partitions: number;
  readonly onAcknowledged: (partition: number, baseOffset: number, records: readonly Outgoing[]) => void;
}

interface Lane {
  readonly waiting: Outgoing[];
  /** Sent and not acknowledged. It is sent again as it is: that is how brokers know what they have already. */
  batch: Outgoing[];
  busy: boolean;
}

const maxBatchRecords = 100;

/**
 * Sends in order per partition, acknowledged by all replicas, for as long as it takes. A request goes to one leader
 * only, and each leader has one under way: a broker that is away holds up its own partitions and no others. (A kafkajs
 * request over several brokers waits for the slowest and, tried again, may leave partitions out.)
 */
export async function createSender({ kafka, topic, partitions, onAcknowledged }: SenderOptions): Promise<Sender> {
  const lanes = Array.from({ length: partitions }, (): Lane => ({ waiting: [], batch: [], busy: false }));
  const busyLeaders = new Set<number>();
  const transmissions = new Set<Promise<void>>();
  let leaders: readonly number[] = await findLeaders(kafka, topic);
  let producer = await connect(kafka);
  let outstanding = 0;
  let lastProblem = 'none';
  let closed = false;

  function flush(): void {
    if (closed) return;
    for (const leader of new Set(leaders)) {
      if (busyLeaders.has(leader)) continue;
      const sending = lanes.filter((lane, partition) => {
        if (leaders[partition] !== leader || lane.busy) return false;
        if (lane.batch.length === 0) lane.batch = lane.waiting.splice(0, maxBatchRecords);
        return lane.batch.length > 0;
      });
      if (sending.length === 0) continue;
      const transmission = transmit(leader, sending).finally(() => transmissions.delete(transmission));
      transmissions.add(transmission);
    }
  }

  async function transmit(leader: number, sending: readonly Lane[]): Promise<void> {
    busyLeaders.add(leader);
    for (const lane of sending) lane.busy = true;
    await send(sending);
    if (sending.some((lane) => lane.batch.length > 0) && !closed) {
      await sleep(100);
      // While nobody answers, the old leaders stand.
      leaders = await findLeaders(kafka, topic).catch(() => leaders);
    }
    for (const lane of sending) lane.busy = false;
    busyLeaders.delete(leader);
    flush();
  }

  async function send(sending: readonly Lane[]): Promise<void> {
    const used = producer;
    try {
      const messages = sending.flatMap((lane) => lane.batch.map(({ message }) => message));
      const answers = await used.sendBatch({ acks: -1, timeout: 10_000, topicMessages: [{ topic, messages }] });
      for (const { partition, baseOffset } of answers) {
        const lane = lanes[partition];
        // Twice in an answer, when a partition moved between two tries: the first is as good.
        if (!lane || lane.batch.length === 0 || !sending.includes(lane)) continue;
        onAcknowledged(partition, Number(baseOffset), lane.batch);
        outstanding -= lane.batch.length;
        lane.batch = [];
      }
    } catch (error) {
      lastProblem = String(error);
      // A producer whose identity the brokers refuse never recovers. A new one may store a batch twice: no matter, the
      // topic says what there is.
      if (!isRetriable(error) && used === producer && !closed) {
        const renewed = await connect(kafka).catch(() => producer);
        if (renewed !== used && used === producer) producer = renewed;
        if (producer !== used) await used.disconnect().catch(() => {});
      }
    }
  }

  return {
    add(record) {
      const lane = lanes[record.message.partition];
      if (!lane) throw new RangeError(`${topic} has no partition ${record.message.partition}`);
      lane.waiting.push(record);
      outstanding += 1;
    },
    flush,
    get outstanding() {
      return outstanding;
    },
    get lastProblem() {
      return lastProblem;
    },
    async close() {
      closed = true;
      await Promise.all(transmissions);
      await producer.disconnect();
    },
  };
}

async function connect(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    // A broker that is frozen never says that it lost its partitions: ask the others often.
    metadataMaxAge: 2_000,
    retry: { retries: 1, initialRetryTime: 100 },
  });
  await producer.connect();
  return producer;
}

/** The leader of each partition, by partition number; -1 where there is none. */
export async function findLeaders(kafka: Kafka, topic: string): Promise<number[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const leaders: number[] = [];
    for (const { partitionId, leader } of topics[0]?.partitions ?? []) leaders[partitionId] = leader;
    return leaders;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** Whether what lies behind kafkajs's "number of retries exceeded" may pass. */
function isRetriable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'KafkaJSNumberOfRetriesExceeded') return error.cause === undefined || isRetriable(error.cause);
  return 'retriable' in error && error.retriable === true;
}
