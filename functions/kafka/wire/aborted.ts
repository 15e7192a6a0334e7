import { WireError } from './wire-error.ts';

/** A transaction that was aborted: from this offset on, until its marker, the records of this producer do not count. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** Says of each batch of a partition, in order, whether its records are of an aborted transaction. */
export interface AbortFilter {
  /** A batch of a transaction ends at this offset. */
  drops(producerId: number, lastOffset: number): boolean;
  /** A control batch of this producer, with the key of its record. */
  marker(producerId: number, lastOffset: number, key: Buffer | null): void;
}

const abortType = 0;

/** The broker sends all transactions of the range that were aborted, and the markers that end them stand between the records. */
export function createAbortFilter(aborted: readonly AbortedTransaction[]): AbortFilter {
  const coming = aborted.length > 1 ? aborted.toSorted((a, b) => a.firstOffset - b.firstOffset) : aborted;
  const open = new Set<number>();
  let begun = 0;

  function moveTo(lastOffset: number): void {
    for (; begun < coming.length; begun += 1) {
      const { producerId, firstOffset } = coming[begun] as AbortedTransaction; // within bounds
      if (firstOffset > lastOffset) return;
      open.add(producerId);
    }
  }

  return {
    drops(producerId, lastOffset) {
      moveTo(lastOffset);
      return open.has(producerId);
    },
    marker(producerId, lastOffset, key) {
      moveTo(lastOffset);
      if (key === null || key.length < 4) throw new WireError('corrupt', 'A control record has no type');
      // Its key: a version and a type. Types other than abort (commit, a leader's own notes) end nothing here.
      if (key.readInt16BE(2) === abortType) open.delete(producerId);
    },
  };
}
