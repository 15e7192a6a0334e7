import { partitionHash } from '../../feed/partition.ts';

/** What the key-order guard needs of a record. */
export interface KeyedRecord {
  readonly partition: number;
  readonly key: Uint8Array | null;
}

/** What another number of partitions would do to the keys of a sample. */
export interface Movement {
  readonly records: number;
  /** Records without a key: no producer promises where they go, so none of them counts as moved. */
  readonly keyless: number;
  readonly keys: number;
  /** Keys whose next record would go to another partition. */
  readonly movedKeys: number;
  /** Records of those keys. */
  readonly movedRecords: number;
  /** Records whose key is not where the default partitioner puts it now: for them, the rest says little. */
  readonly elsewhere: number;
}

/** Kafka's default partitioner: where a Java producer, and kafkajs, put a key. */
export function defaultPartition(key: Uint8Array, partitions: number): number {
  return partitionHash(key) % partitions;
}

/** Counts what would move if a topic of `from` partitions had `to`. */
export function measureMovement(records: Iterable<KeyedRecord>, from: number, to: number): Movement {
  const moves = new Map<string, boolean>();
  let [total, keyless, movedRecords, elsewhere] = [0, 0, 0, 0];
  for (const { partition, key } of records) {
    total += 1;
    if (key === null) {
      keyless += 1;
      continue;
    }
    const name = Buffer.from(key).toString('latin1');
    const moved = moves.get(name) ?? defaultPartition(key, from) !== defaultPartition(key, to);
    moves.set(name, moved);
    if (moved) movedRecords += 1;
    if (defaultPartition(key, from) !== partition) elsewhere += 1;
  }
  const movedKeys = [...moves.values()].filter(Boolean).length;
  return { records: total, keyless, keys: moves.size, movedKeys, movedRecords, elsewhere };
}
