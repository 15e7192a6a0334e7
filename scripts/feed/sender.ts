import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../support/command.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { PartitionQueue, Queue } from './queue.ts';
import { fatalError, type KafkaClient, type Leaders, reasonOf } from './topic.ts';

/** What is worth a request in bulk. */
const bulkRecords = 2_000;
const bulkBytes = 1024 * 1024;
const retryDelayMs = 200;

type Producer = ReturnType<KafkaClient['producer']>;

/** A producer that leaves retrying to the sender. */
export function createProducer(client: KafkaClient): Producer {
  return client.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    // kafkajs refuses 0 retries to an idempotent producer, though it is its retries, which may span brokers, that
    // write records twice; no count is above NaN.
    retry: { retries: Number.NaN },
  });
}

export interface SenderOptions {
  /** A connected one, from `createProducer`. Closing it is the caller's. */
  readonly producer: Pick<Producer, 'sendBatch'>;
  readonly topic: string;
  readonly queue: Queue;
  readonly acksTimeoutMs: number;
  readonly acknowledgements: Acknowledgements;
  readonly findLeaders: () => Promise<Leaders>;
  /** How to wait before sending again, for tests. */
  readonly wait?: (ms: number) => Promise<void>;
}

export interface Sender {
  /**
   * Sends what waits for a broker, from now on whenever it is worth a request: at once, or when much waits. Bulk costs
   * brokers far less in large requests.
   */
  flush(mode: 'at-once' | 'bulk'): void;
  /** Resolves when something was acknowledged, or failed and will be sent again; rejects when the sender gave up. */
  progress(): Promise<void>;
  /** Gives up what is not acknowledged. */
  close(): void;
}

/**
 * Sends what is in the queue with all replicas' acknowledgement, in order per partition: one request at a time for each
 * broker, and a partition's next batch only after its last one is acknowledged. A request never spans brokers, for
 * kafkajs, on a retry, sends the part of a slower broker again and leaves out partitions that moved to a broker that
 * had answered.
 */
export function createSender(leaders: Leaders, options: SenderOptions): Sender {
  const { topic, queue, producer, acksTimeoutMs, acknowledgements, wait = sleep } = options;
  const busyLeaders = new Set<number>();
  let currentLeaders = leaders;
  let bulk = false;
  let failure: Error | undefined;
  let lastProblem = 'no answer';
  let turn = Promise.withResolvers<void>();

  function notify(): void {
    turn.resolve();
    turn = Promise.withResolvers<void>();
  }

  function fail(error: Error): void {
    failure ??= error;
    notify();
  }

  const watch = setInterval(() => {
    const sent = queue.partitions.filter(({ batch }) => batch.length > 0);
    const oldestMs = Math.min(...sent.map(({ batchSinceMs }) => batchSinceMs));
    if (performance.now() - oldestMs < acksTimeoutMs) return;
    fail(
      new CommandError(
        `No acknowledgement for ${acksTimeoutMs / 1_000} s (${lastProblem}); ${queue.held()} records are not ` +
          'acknowledged. See that enough brokers are up, or wait longer with --acks-timeout.',
      ),
    );
  }, 100);

  const ledBy = (leader: number) => queue.partitions.filter(({ partition }) => currentLeaders[partition] === leader);

  /** With nothing on its way, anything is worth a request: what waits must never wait for ever. */
  function worthwhile(led: readonly PartitionQueue[]): boolean {
    if (!bulk || busyLeaders.size === 0) return true;
    let records = 0;
    let bytes = 0;
    for (const { batch, waiting, waitingBytes } of led) {
      if (batch.length > 0) return true;
      records += waiting.length;
      bytes += waitingBytes;
    }
    return records >= bulkRecords || bytes >= bulkBytes;
  }

  /** What goes to a broker next: a batch of each partition that it leads. */
  function collect(led: readonly PartitionQueue[]): PartitionQueue[] {
    const free = led.filter(({ busy }) => !busy);
    // After a failure, one partition a request: should its leader have moved again, nothing hangs on another broker.
    const [again] = free.filter(({ batch }) => batch.length > 0).sort((left, right) => left.failures - right.failures);
    if (again) return [again];
    const sending = free.filter(({ waiting }) => waiting.length > 0);
    for (const { partition } of sending) queue.fillBatch(partition);
    return sending;
  }

  function flush(): void {
    if (failure) return;
    for (const leader of new Set(currentLeaders)) {
      const led = ledBy(leader);
      if (busyLeaders.has(leader) || !worthwhile(led)) continue;
      const sending = collect(led);
      if (sending.length > 0) transmit(leader, sending).catch(fail);
    }
  }

  async function transmit(leader: number, sending: readonly PartitionQueue[]): Promise<void> {
    busyLeaders.add(leader);
    for (const one of sending) one.busy = true;
    const complete = await send(sending);
    if (!complete && !failure) {
      for (const one of sending) one.failures++;
      await wait(retryDelayMs);
      // While no broker answers the old leaders stand; the next failure looks again.
      currentLeaders = await options.findLeaders().catch(() => currentLeaders);
    }
    for (const one of sending) one.busy = false;
    busyLeaders.delete(leader);
    notify();
    flush();
  }

  /** True when every partition's batch was acknowledged. */
  async function send(sending: readonly PartitionQueue[]): Promise<boolean> {
    try {
      const messages = sending.flatMap(({ batch }) => batch);
      const answers = await producer.sendBatch({ acks: -1, timeout: 20_000, topicMessages: [{ topic, messages }] });
      for (const { partition, baseOffset } of answers) {
        acknowledgements.add(partition, Number(baseOffset), queue.settle(partition));
      }
      const complete = sending.every(({ batch }) => batch.length === 0);
      if (!complete) lastProblem = 'partitions changed their leader';
      return complete;
    } catch (error) {
      lastProblem = reasonOf(error);
      const fatal = fatalError(error, topic);
      if (fatal) fail(fatal);
      return false;
    }
  }

  return {
    flush(mode) {
      bulk = mode === 'bulk';
      flush();
    },
    async progress() {
      if (!failure) await turn.promise;
      if (failure) throw failure;
    },
    close: () => clearInterval(watch),
  };
}
