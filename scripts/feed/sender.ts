import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../support/command.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { FeedRecord } from './records.ts';
import { errorType, type KafkaClient, type Leaders, reasonOf } from './topic.ts';

/** Records held, sent or waiting: past this the feed waits. */
const maxHeldRecords = 20_000;
const maxHeldBytes = 32 * 1024 * 1024;
/** One partition's share of a request: below the brokers' 1 MB a batch, and kafkajs groups in quadratic time. */
const maxBatchRecords = 250;
const maxBatchBytes = 512 * 1024;
/** What is worth a request in bulk. */
const bulkRecords = 2_000;
const bulkBytes = 1024 * 1024;
const retryDelayMs = 200;

interface Outgoing {
  readonly key: Buffer | null;
  readonly value: Buffer | string | null;
  readonly partition: number;
  readonly timestamp: string;
  readonly poison: FeedRecord['poison'];
}

interface Slot {
  readonly waiting: Outgoing[];
  waitingBytes: number;
  /** Sent and not acknowledged yet. Sent again unchanged: that is how the brokers know it when they have it already. */
  batch: readonly Outgoing[];
  batchSinceMs: number;
  busy: boolean;
}

export interface SenderOptions {
  readonly client: KafkaClient;
  readonly topic: string;
  readonly acksTimeoutMs: number;
  readonly acknowledgements: Acknowledgements;
  readonly findLeaders: () => Promise<Leaders>;
}

export interface Sender {
  /** How many records it takes before it should be waited for. */
  room(): number;
  add(record: FeedRecord, timestampMs: number): void;
  /**
   * Sends what waits for a broker, from now on whenever it is worth a request: at once, or when much waits. Bulk costs
   * brokers far less in large requests.
   */
  flush(mode: 'at-once' | 'bulk'): void;
  /** Resolves when something was acknowledged; rejects when the sender has failed. */
  progress(): Promise<void>;
  held(): number;
  close(): Promise<void>;
}

/**
 * Sends records with all replicas' acknowledgement, in order per partition: one request at a time for each broker, and
 * a partition's next batch only after its last one is acknowledged. A request never spans brokers, for kafkajs, on a
 * retry, sends the part of a slower broker again and leaves out partitions that moved to a broker that had answered.
 */
export async function createSender(leaders: Leaders, options: SenderOptions): Promise<Sender> {
  const { topic, acksTimeoutMs, acknowledgements } = options;
  const producer = options.client.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    // The least an idempotent producer takes: it is this file that retries, and knows what is not acknowledged.
    retry: { retries: 1 },
  });
  await producer.connect();

  const slots = Array.from(
    { length: leaders.length },
    (): Slot => ({ waiting: [], waitingBytes: 0, batch: [], batchSinceMs: 0, busy: false }),
  );
  const busyLeaders = new Set<number>();
  let currentLeaders = leaders;
  let bulk = false;
  let heldRecords = 0;
  let heldBytes = 0;
  let failure: Error | undefined;
  let lastProblem = 'no answer';
  let turn = Promise.withResolvers<void>();

  function fail(error: Error): void {
    failure ??= error;
    notify();
  }

  function notify(): void {
    turn.resolve();
    turn = Promise.withResolvers<void>();
  }

  const watch = setInterval(() => {
    const oldest = Math.min(
      ...slots.map((slot) => (slot.batch.length > 0 ? slot.batchSinceMs : Number.POSITIVE_INFINITY)),
    );
    if (performance.now() - oldest < acksTimeoutMs) return;
    fail(
      new CommandError(
        `No acknowledgement for ${acksTimeoutMs / 1_000} s (${lastProblem}); ${heldRecords} records are not acknowledged. ` +
          'See that enough brokers are up, or wait longer with --acks-timeout.',
      ),
    );
  }, 100);

  /** What goes to a broker next: an unacknowledged batch first, else what waits, of each partition that it leads. */
  function collect(leader: number): Slot[] {
    return slots.filter((slot, partition) => {
      if (currentLeaders[partition] !== leader || slot.busy) return false;
      if (slot.batch.length > 0) return true;
      if (slot.waiting.length === 0) return false;
      let bytes = 0;
      let count = 0;
      for (const record of slot.waiting) {
        bytes += sizeOf(record);
        if (count > 0 && (count === maxBatchRecords || bytes > maxBatchBytes)) break;
        count++;
      }
      slot.batch = slot.waiting.splice(0, count);
      for (const record of slot.batch) slot.waitingBytes -= sizeOf(record);
      slot.batchSinceMs = performance.now();
      return true;
    });
  }

  /** With nothing on its way, anything is worth a request: what waits must never wait for ever. */
  function worthwhile(leader: number): boolean {
    if (!bulk || busyLeaders.size === 0) return true;
    let records = 0;
    let bytes = 0;
    for (const [partition, slot] of slots.entries()) {
      if (currentLeaders[partition] !== leader) continue;
      if (slot.batch.length > 0) return true;
      records += slot.waiting.length;
      bytes += slot.waitingBytes;
    }
    return records >= bulkRecords || bytes >= bulkBytes;
  }

  function flush(): void {
    if (failure) return;
    for (const leader of new Set(currentLeaders)) {
      if (busyLeaders.has(leader) || !worthwhile(leader)) continue;
      const sending = collect(leader);
      if (sending.length > 0) transmit(leader, sending).catch(fail);
    }
  }

  async function transmit(leader: number, sending: readonly Slot[]): Promise<void> {
    busyLeaders.add(leader);
    for (const slot of sending) slot.busy = true;
    const complete = await send(sending);
    if (!complete && !failure) {
      await sleep(retryDelayMs);
      // While no broker answers the old leaders stand; the next failure looks again.
      currentLeaders = await options.findLeaders().catch(() => currentLeaders);
    }
    for (const slot of sending) slot.busy = false;
    busyLeaders.delete(leader);
    notify();
    flush();
  }

  /** True when every partition's batch was acknowledged. */
  async function send(sending: readonly Slot[]): Promise<boolean> {
    try {
      const messages = sending.flatMap((slot) => slot.batch);
      const answers = await producer.sendBatch({ acks: -1, timeout: 20_000, topicMessages: [{ topic, messages }] });
      for (const { partition, baseOffset } of answers) settle(partition, Number(baseOffset));
      const complete = sending.every((slot) => slot.batch.length === 0);
      if (!complete) lastProblem = 'partitions changed their leader';
      return complete;
    } catch (error) {
      lastProblem = reasonOf(error);
      const fatal = fatalError(error, topic);
      if (fatal) fail(fatal);
      return false;
    }
  }

  function settle(partition: number, baseOffset: number): void {
    const slot = slots[partition];
    if (!slot || slot.batch.length === 0) return;
    acknowledgements.add(partition, baseOffset, slot.batch);
    heldRecords -= slot.batch.length;
    for (const record of slot.batch) heldBytes -= sizeOf(record);
    slot.batch = [];
  }

  return {
    room: () => (heldBytes < maxHeldBytes ? Math.max(0, maxHeldRecords - heldRecords) : 0),
    add({ key, value, partitionKey, poison }, timestampMs) {
      const partition = partitionKey % slots.length;
      const record = { key, value, partition, timestamp: String(timestampMs), poison };
      const slot = slots[partition];
      if (!slot) throw new RangeError(`There is no partition ${partition}`);
      const bytes = sizeOf(record);
      slot.waiting.push(record);
      slot.waitingBytes += bytes;
      heldRecords++;
      heldBytes += bytes;
    },
    flush(mode) {
      bulk = mode === 'bulk';
      flush();
    },
    async progress() {
      if (!failure) await turn.promise;
      if (failure) throw failure;
    },
    held: () => heldRecords,
    async close() {
      clearInterval(watch);
      await producer.disconnect();
    },
  };
}

function sizeOf({ key, value }: Outgoing): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + 16;
}

/** Errors that sending again cannot mend, as a sentence; `undefined` for all others. */
function fatalError(error: unknown, topic: string): CommandError | undefined {
  const type = errorType(error);
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    return new CommandError(
      `A record is larger than max.message.bytes of '${topic}': raise it, or use fewer --contracts.`,
    );
  }
  if (type === 'TOPIC_AUTHORIZATION_FAILED' || type === 'CLUSTER_AUTHORIZATION_FAILED') {
    return new CommandError(`Not allowed to write to '${topic}' (${type}): grant Write and IdempotentWrite.`);
  }
  const final = error instanceof Error && 'retriable' in error && error.retriable === false;
  if (!final || (error instanceof Error && error.name === 'KafkaJSNumberOfRetriesExceeded')) return undefined;
  return new CommandError(`Cannot write to '${topic}': ${reasonOf(error)}`);
}
