import { EngineError } from '../runtime/errors.ts';
import type { OutboundRecord, Publisher, Receipt } from '../runtime/publisher.ts';
import { backoffMs } from '../runtime/retry.ts';
import { createQueue, forget, halve, isLarge, type PartitionQueue, requestOf } from './chunks.ts';
import type { Producer, SendFailure, TopicFacts } from './port.ts';

export interface OutboxOptions {
  readonly facts: TopicFacts;
  readonly lingerMs: number;
  /** Above this many unacknowledged bytes the outbox asks for no more. */
  readonly maxBytes: number;
  /** Dead letters must get through: compress what is too large as it stands, and never refuse a record. */
  readonly mustDeliver: boolean;
  /** A chunk was not stored. `failures` counts those of all partitions since the topic was last well. */
  readonly onTrouble: (fields: { topic: string; error: string; failures: number }, kind: SendFailure['kind']) => void;
  /** Nothing waits for a next try any more. */
  readonly onRecovered: (fields: { topic: string; failures: number }) => void;
  /** Called when `full` or `degraded` ended: lanes may go on. */
  readonly onRoom: () => void;
  /** Whether lanes have more at hand. Requests then wait until they are worth their while. */
  readonly moreToCome: () => boolean;
}

const batchOverheadBytes = 128;
/**
 * While lanes have more at hand, a request waits for so many bytes, or for so long after the one before. What a request
 * costs the brokers hardly depends on its size: sent as soon as the last was answered, they were a fifth as large, and
 * the brokers took twice the CPU.
 */
const worthwhileBytes = 786_432;
const maxGatherMs = 100;
/** Not acknowledged yet: with so much at hand an answer is followed by a request at once. */
const muchBytes = 262_144;
const retryPolicy = { initialDelayMs: 50, maxDelayMs: 2_000 };

/**
 * Gathers outputs of all partitions into few requests, one in flight per broker, so that a slow or dead broker holds up
 * only the partitions it leads. Within a partition a chunk is finished before the next one leaves: order holds.
 */
export function createOutbox(producer: Producer, options: OutboxOptions): Publisher & { close(): void } {
  const { facts } = options;
  const queues = Array.from({ length: facts.partitions }, (_, partition) => createQueue(partition));
  const active = new Set<PartitionQueue>();
  const busyLeaders = new Set<number>();
  const lastSentMs = new Map<number, number>();
  let bytes = 0;
  /** Partitions that wait for a next try. */
  let troubled = 0;
  let failures = 0;
  let lingering = false;
  let closed = false;
  let wakeUp: NodeJS.Timeout | undefined;

  // What the topic asks for: brokers then store the batch as it comes, in place of packing it again.
  const asked = facts.compression ?? 'none';
  const maxBatchBytes = facts.maxMessageBytes - batchOverheadBytes;

  function publish(partition: number, record: OutboundRecord, size: number, receipt: Receipt, owner: object): void {
    const queue = queues[partition];
    if (queue === undefined) throw new RangeError(`Topic ${facts.topic} has no partition ${partition}`);
    queue.waiting.push({ record, receipt, owner, bytes: size });
    queue.waitingBytes += size;
    bytes += size;
    active.add(queue);
    linger();
  }

  /** With nothing on its way outputs go once their turn is over: what comes behind them gathers meanwhile. */
  function linger(ms = busyLeaders.size > 0 ? options.lingerMs : 0): void {
    if (lingering) return;
    lingering = true;
    setTimeout(flush, ms, ms);
  }

  /** Sends what is ready, to every broker that has no request of ours in flight. */
  function flush(lingeredMs?: number): void {
    lingering = false;
    if (closed) return;
    // The first turn of many: sent ahead, it would have a request to itself. (After 0 ms it would be held up again and again.)
    if (lingeredMs === 0 && options.moreToCome()) {
      linger(options.lingerMs || 1);
      return;
    }
    const now = performance.now(); // a clock that is set back would make a retry wait for as long
    const byLeader = new Map<number, PartitionQueue[]>();
    let nextRetryMs = Number.POSITIVE_INFINITY;
    for (const queue of active) {
      if (queue.sending) continue;
      if (queue.retryAtMs > now) {
        nextRetryMs = Math.min(nextRetryMs, queue.retryAtMs);
        continue;
      }
      const leader = producer.leaderOf(facts.topic, queue.partition);
      if (busyLeaders.has(leader)) continue;
      const group = byLeader.get(leader);
      if (group === undefined) byLeader.set(leader, [queue]);
      else group.push(queue);
    }
    const gathering = options.moreToCome() && !full();
    for (const [leader, group] of byLeader) {
      if (gathering && !worthwhile(group) && now - (lastSentMs.get(leader) ?? Number.NEGATIVE_INFINITY) < maxGatherMs)
        linger(options.lingerMs);
      else {
        lastSentMs.set(leader, now);
        void send(leader, requestOf(group, maxBatchBytes));
      }
    }
    clearTimeout(wakeUp);
    if (nextRetryMs < Number.POSITIVE_INFINITY) wakeUp = setTimeout(flush, Math.max(1, nextRetryMs - now));
  }

  /** A chunk that was sent before has waited enough. */
  function worthwhile(group: readonly PartitionQueue[]): boolean {
    let size = 0;
    for (const queue of group) {
      if (queue.chunk !== undefined) return true;
      size += queue.waitingBytes;
    }
    return size >= worthwhileBytes;
  }

  async function send(leader: number, group: readonly PartitionQueue[]): Promise<void> {
    busyLeaders.add(leader);
    for (const queue of group) queue.sending = true;
    const batches = group.map(({ partition, chunk }) => ({
      topic: facts.topic,
      partition,
      records: (chunk ?? []).map((item) => item.record),
    }));
    const packs = options.mustDeliver && asked === 'none' && group.some(isLarge);
    const failures = await producer.send(batches, packs ? 'gzip' : asked);
    for (const [index, queue] of group.entries()) {
      const failure = failures[index];
      queue.sending = false;
      if (failure === undefined) acknowledge(queue);
      else if (failure.kind === 'too-large') tooLarge(queue, failure.message);
      else retry(queue, failure.message, failure.kind);
    }
    // Only now: a broker that says nothing takes 10 s and more to be asked, and what is stored or failed is known.
    if (failures.some((failure) => failure !== undefined && failure.kind !== 'too-large'))
      await producer.refreshLeaders();
    busyLeaders.delete(leader);
    if (active.size === 0) return;
    // What came meanwhile is gathered, too: else every broker's answer sends the others their next few records.
    if (bytes >= muchBytes || failures.some(Boolean)) flush();
    else linger(options.lingerMs);
  }

  function acknowledge(queue: PartitionQueue): void {
    const chunk = queue.chunk ?? [];
    const { attempts } = queue;
    const wasFull = full();
    queue.chunk = undefined;
    queue.attempts = 0;
    for (const item of chunk) bytes -= item.bytes;
    if (queue.waiting.length === 0) active.delete(queue);
    if (attempts > 0) recovered();
    for (const item of chunk) item.receipt.acknowledged();
    if (attempts > 0 || (wasFull && !full())) options.onRoom();
  }

  function retry(queue: PartitionQueue, error: string, kind: SendFailure['kind']): void {
    if (queue.attempts === 0) troubled += 1;
    queue.attempts += 1;
    queue.retryAtMs = performance.now() + backoffMs(retryPolicy, queue.attempts, Math.random());
    failures += 1;
    options.onTrouble({ topic: facts.topic, error, failures }, kind);
  }

  function recovered(): void {
    troubled -= 1;
    if (troubled > 0) return;
    options.onRecovered({ topic: facts.topic, failures });
    failures = 0;
  }

  /** The broker stored nothing of it, so the chunk may be cut: until one record is left, which is the culprit. */
  function tooLarge(queue: PartitionQueue, error: string): void {
    const chunk = queue.chunk ?? [];
    const [only] = chunk;
    if (chunk.length > 1) {
      halve(queue, chunk);
      return;
    }
    if (only === undefined || options.mustDeliver) {
      retry(queue, `${error} (raise max.message.bytes of topic ${facts.topic})`, 'too-large');
      return;
    }
    const { attempts } = queue;
    const wasFull = full();
    if (attempts > 0) recovered();
    queue.attempts = 0;
    queue.chunk = undefined;
    bytes -= only.bytes;
    if (queue.waiting.length === 0) active.delete(queue);
    only.receipt.refused(new EngineError('OUTPUT_TOO_LARGE', `Topic ${facts.topic} refused the output: ${error}`));
    if (attempts > 0 || (wasFull && !full())) options.onRoom();
  }

  function cancel(owner: object): void {
    const wasFull = full();
    for (const queue of active) {
      bytes -= forget(queue, owner);
      if (queue.waiting.length === 0 && queue.chunk === undefined) active.delete(queue);
    }
    if (wasFull && !full()) options.onRoom();
  }

  function full(): boolean {
    return bytes >= options.maxBytes;
  }

  return {
    topic: facts.topic,
    partitionCount: facts.partitions,
    maxRecordBytes: options.mustDeliver ? Number.POSITIVE_INFINITY : maxBatchBytes,
    publish,
    cancel,
    get full() {
      return full();
    },
    get degraded() {
      return troubled > 0;
    },
    close() {
      closed = true;
      clearTimeout(wakeUp);
    },
  };
}
