import type { PartitionBatch, PartitionResult } from '../../runtime/dispatch.ts';

/** What the event source mapping takes as a partial response: the records to deliver again; none is success. */
export interface PartialResponse {
  readonly batchItemFailures: readonly BatchItemFailure[];
}

export interface BatchItemFailure {
  readonly itemIdentifier: { readonly partition: string; readonly offset: number };
}

/** Every record of a partition from its first undone one on. Partitions do not hold up each other. */
export function responseOf(batches: readonly PartitionBatch[], results: readonly PartitionResult[]): PartialResponse {
  const batchItemFailures: BatchItemFailure[] = [];
  for (const [index, { topic, partition, records }] of batches.entries()) {
    const firstUndone = results[index]?.firstUndone;
    if (firstUndone === undefined) continue;
    const name = `${topic}-${partition}`;
    for (const { offset } of records) {
      if (offset >= firstUndone) batchItemFailures.push({ itemIdentifier: { partition: name, offset } });
    }
  }
  return { batchItemFailures };
}
