import type { InboundRecord } from '../../runtime/contract.ts';
import { type AbortedTransaction, type AbortFilter, createAbortFilter } from './aborted.ts';
import { isMessage, readBatchHead } from './batch-head.ts';
import { readRecord, skipRecord } from './fetched-record.ts';
import { type InflateBudget, inflate } from './inflate.ts';
import { readMessage } from './message.ts';
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
const headerOverheadBytes = 128;

/** What is passed down while the batches of one partition are read. */
interface Reading {
  readonly response: Buffer;
  readonly limit: number;
  readonly from: FetchedFrom;
  readonly filter: AbortFilter;
  readonly budget: InflateBudget;
  readonly records: InboundRecord[];
}

/** A batch that was read: where it ends, in bytes and offsets, and about what its records take in memory. */
interface ReadBatch {
  readonly end: number;
  readonly lastOffset: number;
  readonly bytes: number;
  /** Its records would fill the memory: those behind `lastOffset` are read with the next fetch. */
  readonly more?: boolean;
}

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
  const records: InboundRecord[] = [];
  const reading = { response, limit: range.end, from, filter: createAbortFilter(range.aborted), budget, records };
  let bytes = 0;
  let next = from.offset;
  let at = range.start;
  while (at < range.end) {
    const sound = records.length;
    try {
      const batch = isMessage(response, at, range.end) ? readOldBatch(reading, at) : readBatch(reading, at);
      if (batch === 'later') break;
      if (batch === 'cut short') {
        if (at > range.start) break;
        throw new WireError('corrupt', `The first batch has more than the ${range.end - at} bytes that came`);
      }
      bytes += batch.bytes;
      next = Math.max(next, batch.lastOffset + 1);
      if (batch.more) break;
      at = batch.end;
    } catch (error) {
      if (next === from.offset) throw error;
      records.length = sound;
      break;
    }
  }
  return { records, bytes, next };
}

function readBatch(reading: Reading, at: number): ReadBatch | 'later' | 'cut short' {
  const { response, limit, from, filter, budget } = reading;
  const head = readBatchHead(response, at, limit, from.topic, from.partition);
  if (head === undefined) return 'cut short';
  const { codec, producerId, lastOffset, bodyStart, end, count } = head;
  if (budget.room <= 0 || (codec !== 0 && budget.left <= 0)) return 'later';
  if (head.isTransactional && !head.isControl && filter.drops(producerId, lastOffset))
    return { end, lastOffset, bytes: 0 };
  const reader =
    codec === 0
      ? new Reader(response, bodyStart, end)
      : new Reader(inflate(codec, response.subarray(bodyStart, end), budget, lastOffset));
  if (head.isControl) {
    if (count > 0) filter.marker(producerId, lastOffset, readRecord(reader, head).key);
    return { end, lastOffset, bytes: 0 };
  }
  let bytes = 0;
  let lowest = head.baseOffset;
  for (let index = 0; index < count; index += 1) {
    if (head.baseOffset < from.offset && lowest < from.offset && skipRecord(reader, head, from.offset)) continue;
    const before = reader.at + reader.headers * headerOverheadBytes;
    const record = readRecord(reader, head);
    if (record.offset < lowest) throw new WireError('corrupt', `Offset ${record.offset} is not above the one before`);
    lowest = record.offset + 1;
    reading.records.push(record);
    bytes += recordOverheadBytes + reader.at + reader.headers * headerOverheadBytes - before;
    if (bytes >= budget.room && index + 1 < count) {
      budget.room = 0;
      return { end, lastOffset: record.offset, bytes, more: true };
    }
  }
  budget.room -= bytes;
  if (reader.left > 0) throw new WireError('corrupt', `${reader.left} bytes follow the batch's last record`);
  return { end, lastOffset, bytes };
}

function readOldBatch(reading: Reading, at: number): ReadBatch | 'later' | 'cut short' {
  const { response, limit, from, budget } = reading;
  if (budget.left <= 0 || budget.room <= 0) return 'later';
  const message = readMessage(response, at, limit, from, budget);
  if (message === undefined) return 'cut short';
  let bytes = 0;
  for (const record of message.records) bytes += keep(reading, record);
  return { end: message.end, lastOffset: message.lastOffset, bytes };
}

/** Keeps a record, unless it is from before what was asked for: batches are stored and sent as a whole. */
function keep({ from, records }: Reading, record: InboundRecord): number {
  if (record.offset < from.offset) return 0;
  records.push(record);
  return recordOverheadBytes + (record.value?.length ?? 0) + (record.key?.length ?? 0);
}
