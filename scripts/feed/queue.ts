import type { FeedRecord } from './records.ts';

/** Records held, sent or waiting: past this the feed waits. */
const maxHeldRecords = 20_000;
const maxHeldBytes = 32 * 1024 * 1024;
/** One partition's share of a request: below the brokers' 1 MB a batch, and kafkajs groups in quadratic time. */
const maxBatchRecords = 250;
const maxBatchBytes = 512 * 1024;

/** A record with its partition, as kafkajs takes it. */
interface Outgoing {
  readonly key: Buffer | null;
  readonly value: Buffer | string | null;
  readonly partition: number;
  readonly timestamp: string;
  readonly poison: FeedRecord['poison'];
}

/** The queue of one partition. */
export interface PartitionQueue {
  readonly partition: number;
  readonly waiting: readonly Outgoing[];
  readonly waitingBytes: number;
  /** Sent and not acknowledged yet. Sent again unchanged: that is how the brokers know it when they have it already. */
  readonly batch: readonly Outgoing[];
  readonly batchSinceMs: number;
  /** How often the batch was sent in vain. */
  failures: number;
  /** Part of a request on its way. */
  busy: boolean;
}

/** What is held of all partitions, within bounds. */
export interface Queue {
  readonly partitions: readonly PartitionQueue[];
  held(): number;
  /** How many more records it should be given. */
  room(): number;
  add(record: FeedRecord, timestampMs: number): void;
  /** Makes a partition's next batch of what waits. */
  fillBatch(partition: number): void;
  /** Takes a partition's acknowledged batch out, and returns it; empty when there was none. */
  settle(partition: number): readonly Outgoing[];
}

type Slot = { -readonly [Field in keyof PartitionQueue]: PartitionQueue[Field] } & { waiting: Outgoing[] };

export function createQueue(partitions: number): Queue {
  const slots = Array.from(
    { length: partitions },
    (_, partition): Slot => ({
      partition,
      waiting: [],
      waitingBytes: 0,
      batch: [],
      batchSinceMs: 0,
      failures: 0,
      busy: false,
    }),
  );
  let records = 0;
  let bytes = 0;

  function slotOf(partition: number): Slot {
    const slot = slots[partition];
    if (!slot) throw new RangeError(`There is no partition ${partition}`);
    return slot;
  }

  return {
    partitions: slots,
    held: () => records,
    room: () => (bytes < maxHeldBytes ? Math.max(0, maxHeldRecords - records) : 0),
    add({ key, value, partitionKey, poison }, timestampMs) {
      const partition = partitionKey % partitions;
      const record = { key, value, partition, timestamp: String(timestampMs), poison };
      const slot = slotOf(partition);
      slot.waiting.push(record);
      slot.waitingBytes += sizeOf(record);
      records++;
      bytes += sizeOf(record);
    },
    fillBatch(partition) {
      const slot = slotOf(partition);
      let size = 0;
      let count = 0;
      for (const record of slot.waiting) {
        if (count > 0 && (count === maxBatchRecords || size + sizeOf(record) > maxBatchBytes)) break;
        size += sizeOf(record);
        count++;
      }
      slot.batch = slot.waiting.splice(0, count);
      slot.waitingBytes -= size;
      slot.batchSinceMs = performance.now();
    },
    settle(partition) {
      const slot = slotOf(partition);
      const { batch } = slot;
      slot.batch = [];
      slot.failures = 0;
      records -= batch.length;
      for (const record of batch) bytes -= sizeOf(record);
      return batch;
    },
  };
}

function sizeOf({ key, value }: Outgoing): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + 16;
}
