import type { InboundRecord } from './contract.ts';

/** Records waiting in a lane, in order. Fetched batches are kept as they came: nothing is copied per record. */
export interface RecordQueue {
  push(records: readonly InboundRecord[], bytes: number): void;
  /** Takes the first record; an error when there is none. */
  shift(): InboundRecord;
  peek(): InboundRecord | undefined;
  clear(): void;
  readonly length: number;
  /** Bytes of the batches that still have records waiting. A batch's memory is freed as a whole. */
  readonly bytes: number;
}

export function createRecordQueue(): RecordQueue {
  let batches: { readonly records: readonly InboundRecord[]; readonly bytes: number }[] = [];
  let next = 0;
  let length = 0;
  let bytes = 0;
  return {
    push(records, batchBytes) {
      if (records.length === 0) return;
      batches.push({ records, bytes: batchBytes });
      length += records.length;
      bytes += batchBytes;
    },
    shift() {
      const batch = batches[0];
      const record = batch?.records[next];
      if (batch === undefined || record === undefined) throw new RangeError('shift of an empty queue');
      next += 1;
      length -= 1;
      if (next === batch.records.length) {
        batches.shift();
        bytes -= batch.bytes;
        next = 0;
      }
      return record;
    },
    peek: () => batches[0]?.records[next],
    clear() {
      batches = [];
      next = 0;
      length = 0;
      bytes = 0;
    },
    get length() {
      return length;
    },
    get bytes() {
      return bytes;
    },
  };
}
