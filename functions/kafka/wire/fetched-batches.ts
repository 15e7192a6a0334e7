import type { InboundRecord } from '../../runtime/contract.ts';
import { type AbortedTransaction, type AbortFilter, createAbortFilter } from './aborted.ts';
import { type BatchHead, readBatchHead } from './batch-head.ts';
import { readRecord } from './fetched-record.ts';
import { type InflateBudget, inflate } from './inflate.ts';
import { Reader } from './reader.ts';
import { WireError } from './wire-error.ts';

/**
 * The record batches (magic byte 2) of one partition in a fetch response, read straight into what handlers see. kafkajs
 * makes a decoder, big integers, strings and a spread of headers a record: that was most of what consuming cost.
 * https://kafka.apache.org/documentation/#recordbatch
 */

/** Where the batches of a partition stand in a response. */
export interface BatchRange {
  readonly start: number;
  readonly end: number;
  readonly aborted: readonly AbortedTransaction[];
}

/** The offset that was asked for. */
export interface FetchedFrom {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface FetchedRecords {
  readonly records: readonly InboundRecord[];
  /** About what the records take in memory. */
  readonly bytes: number;
  /** The offset to fetch next. Markers, aborted and compacted records have offsets too: it moves without a record. */
  readonly next: number;
}

const recordOverheadBytes = 64;

/**
 * Reads batch after batch. When one cannot be read, those before it are returned; it is thrown as a `WireError` once it
 * comes first. The last batch may be cut short: a broker sends as many bytes as it was asked for.
 */
export function readBatches(
  response: Buffer,
  range: BatchRange,
  from: FetchedFrom,
  budget: InflateBudget,
): FetchedRecords {
  const { topic, partition, offset } = from;
  const filter = createAbortFilter(range.aborted);
  const records: InboundRecord[] = [];
  let bytes = 0;
  let next = offset;
  let at = range.start;
  while (at < range.end) {
    const sound = records.length;
    try {
      const head = readBatchHead(response, at, range.end, topic, partition);
      if (head === undefined) {
        if (at > range.start) break;
        throw new WireError('corrupt', `The first batch has more than the ${range.end - at} bytes that came`);
      }
      if (head.codec !== 0 && budget.left <= 0) break;
      bytes += readBatch(response, head, offset, filter, budget, records);
      next = Math.max(next, head.lastOffset + 1);
      at = head.end;
    } catch (error) {
      if (next === offset) throw error;
      records.length = sound;
      break;
    }
  }
  return { records, bytes, next };
}

/** Adds the batch's records from an offset on, and returns about what they take in memory. */
function readBatch(
  response: Buffer,
  head: BatchHead,
  fromOffset: number,
  filter: AbortFilter,
  budget: InflateBudget,
  records: InboundRecord[],
): number {
  if (head.isTransactional && !head.isControl && filter.drops(head.producerId, head.lastOffset)) return 0;
  const reader =
    head.codec === 0
      ? new Reader(response, head.bodyStart, head.end)
      : new Reader(inflate(head.codec, response.subarray(head.bodyStart, head.end), budget));
  if (head.isControl) {
    if (head.count > 0) filter.marker(head.producerId, head.lastOffset, readRecord(reader, head).key);
    return 0;
  }
  let bytes = 0;
  let lowest = head.baseOffset;
  for (let index = 0; index < head.count; index += 1) {
    const record = readRecord(reader, head);
    if (record.offset < lowest) throw new WireError('corrupt', `Offset ${record.offset} is not above the one before`);
    lowest = record.offset + 1;
    if (record.offset < fromOffset) continue;
    bytes += recordOverheadBytes + (record.value?.length ?? 0) + (record.key?.length ?? 0);
    records.push(record);
  }
  if (reader.left > 0) throw new WireError('corrupt', `${reader.left} bytes follow the batch's last record`);
  return bytes;
}
