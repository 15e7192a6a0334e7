import { partitionHash } from '../../feed/partition.ts';
import type { RawRecord } from '../../support/kafka/raw-records.ts';

/** The partition counts of the old topic and of the new one, which is a multiple of it. */
export interface Split {
  readonly old: number;
  readonly new: number;
}

/**
 * The new partition of a record: where Kafka's default partitioner puts its key. With a multiple of the old count that is
 * one of the old partition's own children (p, p + old, p + 2 old, ...): a new partition has records of one old one only,
 * in its order. A record without a key has no order, and goes to one of the children in turn: by its offset, so that it
 * goes there again when it is copied again. undefined: its key is not where the default partitioner puts it.
 */
export function placeOf(
  { key, offset }: Pick<RawRecord, 'key' | 'offset'>,
  partition: number,
  split: Split,
): number | undefined {
  if (key === null) return partition + split.old * (offset % (split.new / split.old));
  const hash = partitionHash(key);
  return hash % split.old === partition ? hash % split.new : undefined;
}

/** The partitions that an old one becomes. */
export function childrenOf(partition: number, split: Split): number[] {
  return Array.from({ length: split.new / split.old }, (_, index) => partition + split.old * index);
}
