import type { StuckPartition } from '../../kafka/port.ts';
import type { Logger } from '../../runtime/contract.ts';

/** The partitions that cannot be read on: each is logged once, counted, and told by `/ready`. */
export interface StuckPartitions {
  add(trouble: StuckPartition): void;
  delete(partition: number): void;
  clear(): void;
  readonly count: number;
  /** Each in words. */
  reasons(): string[];
}

export function createStuckPartitions(topic: string, log: Logger): StuckPartitions {
  const stuck = new Map<number, StuckPartition>();
  return {
    add(trouble) {
      const { partition, offset, error } = trouble;
      const before = stuck.get(partition);
      stuck.set(partition, trouble);
      if (before?.offset === offset && before.error === error) return; // said already; it is only tried again
      log.error({ topic, ...trouble }, `Partition ${partition} stands still at offset ${offset}, no other is held up`);
    },
    delete(partition) {
      if (stuck.delete(partition)) log.info({ topic, partition }, `Partition ${partition} is read again`);
    },
    clear: () => stuck.clear(),
    get count() {
      return stuck.size;
    },
    reasons: () =>
      [...stuck.values()].map(
        ({ partition, offset, error }) => `partition ${partition} stands still at offset ${offset}: ${error}`,
      ),
  };
}
