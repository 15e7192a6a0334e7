import type { OutboundRecord, Receipt } from '../runtime/publisher.ts';

/** A record that waits to be stored, and who is told. */
export interface Item {
  readonly record: OutboundRecord;
  readonly receipt: Receipt;
  readonly owner: object;
  readonly bytes: number;
}

/** One partition of the topic: what waits, and the chunk that is on its way. */
export interface PartitionQueue {
  readonly partition: number;
  waiting: Item[];
  waitingBytes: number;
  /** Sent, and not acknowledged: it is sent again unchanged until it is, before anything else of its partition. */
  chunk: Item[] | undefined;
  attempts: number;
  sending: boolean;
  retryAtMs: number;
}

const maxChunkRecords = 2_000;
const maxRequestBytes = 1_048_576;
const compressAboveBytes = 524_288;

export function createQueue(partition: number): PartitionQueue {
  return {
    partition,
    waiting: [],
    waitingBytes: 0,
    chunk: undefined,
    attempts: 0,
    sending: false,
    retryAtMs: 0,
  };
}

/** As many queues as a request takes, each with its chunk, of so many bytes at most unless one record has more. */
export function requestOf(group: readonly PartitionQueue[], maxBatchBytes: number): PartitionQueue[] {
  const taken: PartitionQueue[] = [];
  let size = 0;
  for (const queue of group) {
    if (size >= maxRequestBytes) break;
    queue.chunk ??= nextChunk(queue, maxBatchBytes);
    for (const item of queue.chunk) size += item.bytes;
    taken.push(queue);
  }
  return taken;
}

function nextChunk(queue: PartitionQueue, maxBatchBytes: number): Item[] {
  let size = 0;
  let count = 0;
  for (const item of queue.waiting) {
    if (count > 0 && (size + item.bytes > maxBatchBytes || count >= maxChunkRecords)) break;
    size += item.bytes;
    count += 1;
  }
  queue.waitingBytes -= size;
  return queue.waiting.splice(0, count);
}

/** Only for a chunk of which nothing was stored: its second half waits again, in front of all else. */
export function halve(queue: PartitionQueue, chunk: Item[]): void {
  const half = Math.ceil(chunk.length / 2);
  const rest = chunk.slice(half);
  queue.waiting.unshift(...rest);
  for (const item of rest) queue.waitingBytes += item.bytes;
  queue.chunk = chunk.slice(0, half);
}

/** Takes out what of an owner was not sent, and says how many bytes that was. */
export function forget(queue: PartitionQueue, owner: object): number {
  let bytes = 0;
  queue.waiting = queue.waiting.filter((item) => {
    if (item.owner === owner) bytes += item.bytes;
    return item.owner !== owner;
  });
  queue.waitingBytes -= bytes;
  // A chunk that was sent may be stored already: it is sent on until that is known, and nobody is told.
  queue.chunk = queue.chunk?.map((item) => (item.owner === owner ? { ...item, receipt: ignored } : item));
  return bytes;
}

export function isLarge({ chunk }: PartitionQueue): boolean {
  return (chunk ?? []).some((item) => item.bytes > compressAboveBytes);
}

const ignored: Receipt = { acknowledged: () => undefined, refused: () => undefined };
