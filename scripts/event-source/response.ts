import type { QueuedRecord } from './payload.ts';

/**
 * What a function's answer leaves to be delivered again, as the service documents it: nothing for an empty or missing
 * list; from the lowest reported offset on for a partition that is named; the whole batch for an answer that cannot be
 * read or names what was not in it.
 */
export function remainingAfter(payload: string, batch: readonly QueuedRecord[]): readonly QueuedRecord[] {
  const failures = failuresOf(payload);
  if (failures === undefined) return batch;
  const offsets = Map.groupBy(batch, nameOf);
  const from = new Map<string, number>();
  for (const failure of failures) {
    const { partition, offset } = identifierOf(failure);
    const known = offsets.get(String(partition))?.some(({ record }) => record.offset === offset);
    if (!known) return batch;
    from.set(String(partition), Math.min(from.get(String(partition)) ?? Number.POSITIVE_INFINITY, Number(offset)));
  }
  return batch.filter((one) => one.record.offset >= (from.get(nameOf(one)) ?? Number.POSITIVE_INFINITY));
}

function nameOf({ record }: QueuedRecord): string {
  return `${record.topic}-${record.partition}`;
}

/** `undefined` when the answer is not of the documented form. */
function failuresOf(payload: string): readonly unknown[] | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (answer === null || answer === undefined || answer === '') return [];
  if (typeof answer !== 'object') return [];
  const failures = 'batchItemFailures' in answer ? answer.batchItemFailures : undefined;
  if (failures === null || failures === undefined) return [];
  return Array.isArray(failures) ? failures : undefined;
}

function identifierOf(failure: unknown): { readonly partition?: unknown; readonly offset?: unknown } {
  const identifier =
    typeof failure === 'object' && failure !== null ? Reflect.get(failure, 'itemIdentifier') : undefined;
  return typeof identifier === 'object' && identifier !== null ? identifier : {};
}
