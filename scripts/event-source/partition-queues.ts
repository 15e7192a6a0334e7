import { maxRecordsBytes, type QueuedRecord } from './payload.ts';

/** What waits in one partition. */
interface PartitionQueue {
  records: QueuedRecord[];
  bytes: number;
}

export interface BatchLimits {
  readonly batchSize: number;
  readonly windowMs: number;
  /**
   * Partitions of which a batch is being delivered, by any poller of the mapping: the next one has to wait, or order would
   * be lost.
   */
  readonly busy: Set<number>;
}

/** Records by partition, from which batches of several partitions are gathered. */
export interface PartitionQueues {
  push(partition: number, records: readonly QueuedRecord[]): void;
  /** A batch when it is due: as large as it may be, or its window is over. Its partitions are busy from now on. */
  take(now: number): readonly QueuedRecord[] | undefined;
  /** Whether this partition has so much waiting that no more should be fetched. */
  full(partition: number): boolean;
  clear(): void;
  readonly waiting: number;
}

const fullBytes = 8 * 1_048_576;

export function createPartitionQueues({ batchSize, windowMs, busy }: BatchLimits): PartitionQueues {
  const queues = new Map<number, PartitionQueue>();
  /** Since when the oldest record that could go has been waiting for its batch. */
  let sinceMs: number | undefined;

  function ready(): [number, PartitionQueue][] {
    return [...queues].filter(([partition, { records }]) => !busy.has(partition) && records.length > 0);
  }

  return {
    push(partition, records) {
      const queue = queues.get(partition) ?? { records: [], bytes: 0 };
      queues.set(partition, queue);
      queue.records.push(...records);
      for (const { bytes } of records) queue.bytes += bytes;
      sinceMs ??= Date.now();
    },
    take(now) {
      const candidates = ready();
      if (candidates.length === 0) {
        sinceMs = undefined;
        return undefined;
      }
      sinceMs ??= now;
      const count = candidates.reduce((sum, [, { records }]) => sum + records.length, 0);
      const bytes = candidates.reduce((sum, [, queue]) => sum + queue.bytes, 0);
      if (count < batchSize && bytes < maxRecordsBytes && now - sinceMs < windowMs) return undefined;
      const batch: QueuedRecord[] = [];
      let size = 0;
      for (const [partition, queue] of candidates) {
        const taken = prefixOf(queue.records, batchSize - batch.length, maxRecordsBytes - size, batch.length === 0);
        if (taken.length === 0) break;
        queue.records.splice(0, taken.length);
        for (const one of taken) size += one.bytes;
        queue.bytes -= taken.reduce((sum, one) => sum + one.bytes, 0);
        busy.add(partition);
        batch.push(...taken);
        // The turn goes round: one partition with a backlog must not keep the others waiting.
        queues.delete(partition);
        queues.set(partition, queue);
      }
      sinceMs = undefined;
      return batch;
    },
    full: (partition) => {
      const queue = queues.get(partition);
      return queue !== undefined && (queue.bytes > fullBytes || queue.records.length > 2 * batchSize);
    },
    clear() {
      queues.clear();
      sinceMs = undefined;
    },
    get waiting() {
      return [...queues.values()].reduce((sum, { records }) => sum + records.length, 0);
    },
  };
}

/** As many records from the front as there is room for; at least one where the batch would be empty otherwise. */
function prefixOf(
  records: readonly QueuedRecord[],
  room: number,
  roomBytes: number,
  mustTake: boolean,
): readonly QueuedRecord[] {
  let count = 0;
  let bytes = 0;
  for (const one of records) {
    if (count >= room || bytes + one.bytes > roomBytes) break;
    bytes += one.bytes;
    count += 1;
  }
  return records.slice(0, count === 0 && mustTake ? 1 : count);
}
