import { gzipSync } from 'node:zlib';
import { createAbortFilter } from '../../../functions/kafka/wire/aborted.ts';
import { type BatchHead, isMessage, readBatchHead } from '../../../functions/kafka/wire/batch-head.ts';
import { crc32c } from '../../../functions/kafka/wire/crc32c.ts';
import type { BatchRange } from '../../../functions/kafka/wire/fetched-batches.ts';
import { type InflateBudget, inflate } from '../../../functions/kafka/wire/inflate.ts';
import { Reader } from '../../../functions/kafka/wire/reader.ts';
import type { PreparedBatch } from '../../../functions/kafka/wire/record-batch.ts';
import { WireError } from '../../../functions/kafka/wire/wire-error.ts';

/** What may be made of one response: of what is left nothing is lost, it is fetched again. */
const inflateBudgetBytes = 67_108_864;
const recordsBudgetBytes = 67_108_864;
/** About what a record takes beside its bytes: itself, and its views of them. One of 7 bytes takes as much. */
const recordOverheadBytes = 256;

export function responseBudget(): InflateBudget {
  return { left: inflateBudgetBytes, room: recordsBudgetBytes };
}

/**
 * A record whose key, value and headers stay the bytes that they are: what is copied is the same to the byte, headers
 * that come twice or in an odd order included.
 */
export interface RawRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** Key, value and headers, as a record holds them. */
  readonly body: Buffer;
}

/** The records of one partition in a fetch response, and the offset to fetch next: it moves without a record, too. */
export interface RawFetch {
  readonly records: readonly RawRecord[];
  readonly next: number;
}

/**
 * Reads what one fetch brought of a partition, from an offset on and up to before another, for as long as the budget lasts.
 * @throws WireError when the first batch cannot be read
 */
export function readRawBatches(
  response: Buffer,
  range: BatchRange,
  where: { topic: string; partition: number },
  from: number,
  until = Number.POSITIVE_INFINITY,
  budget = responseBudget(),
): RawFetch {
  const filter = createAbortFilter(range.aborted);
  const records: RawRecord[] = [];
  let next = from;
  let at = range.start;
  while (at < range.end) {
    if (isMessage(response, at, range.end))
      throw new WireError('unsupported', 'its records have a format from before Kafka 0.11');
    const head = readBatchHead(response, at, range.end, where.topic, where.partition);
    // A broker sends as many bytes as it was asked for: the last batch may be cut short.
    if (head === undefined) break;
    if (head.baseOffset >= until) return { records, next: Math.max(next, until) };
    if (budget.room <= 0 || (head.codec !== 0 && budget.left <= 0)) break;
    at = head.end;
    next = Math.max(next, head.lastOffset + 1);
    if (head.isTransactional && !head.isControl && filter.drops(head.producerId, head.lastOffset)) continue;
    const reader = new Reader(response, head.bodyStart, head.end);
    const plain =
      head.codec === 0 ? reader : new Reader(inflate(head.codec, response.subarray(head.bodyStart, head.end), budget));
    for (let index = 0; index < head.count; index += 1) {
      const record = readRaw(plain, head, head.isControl ? 0 : from);
      if (record === undefined) continue;
      if (head.isControl) {
        filter.marker(head.producerId, head.lastOffset, record.key);
        continue;
      }
      if (record.offset >= until) return { records, next: until };
      records.push(record);
      budget.room -= recordOverheadBytes + record.body.length;
      if (budget.room <= 0 && index + 1 < head.count) return { records, next: record.offset + 1 };
    }
  }
  return { records, next };
}

/** Of a record before `from` nothing is made: to come to the last of a batch of millions all others are gone through. */
function readRaw(reader: Reader, head: BatchHead, from: number): RawRecord | undefined {
  const { baseOffset, baseTimestamp, appendTimestamp } = head;
  const length = reader.varint();
  const end = reader.at + length;
  reader.skip(1); // attributes, of which there are none yet
  const timestamp = baseTimestamp + reader.varlong();
  const offset = baseOffset + reader.varint();
  const start = reader.at;
  if (offset < from) {
    reader.skip(end - start);
    return undefined;
  }
  const key = reader.nullableBytes();
  reader.skip(end - reader.at);
  return { offset, timestamp: appendTimestamp ?? timestamp, key, body: reader.bytes.subarray(start, end) };
}

/** Who writes, and the sequence number of the batch's first record: what lets a broker store a repeated batch once. */
export interface BatchIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  /** The batch is part of a transaction of this producer. */
  readonly transactional?: boolean;
}

const gzip = 0x01;
const transactionalFlag = 0x10;

const headBytes = 61;

/** A batch of records with timestamps of their own; compressed for a record that is too large as it stands. */
export function rawBatch(
  records: readonly Omit<RawRecord, 'offset' | 'key'>[],
  identity: BatchIdentity,
  compress = false,
): PreparedBatch {
  const baseTimestamp = records[0]?.timestamp ?? 0;
  const encoded = records.map((record, index) => {
    const head = Buffer.concat([Buffer.of(0), varint(record.timestamp - baseTimestamp), varint(index)]);
    return [varint(head.length + record.body.length), head, record.body];
  });
  const plain = Buffer.concat(encoded.flat());
  const body = compress ? gzipSync(plain) : plain;
  const batch = Buffer.alloc(headBytes + body.length);
  batch.set(body, headBytes);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12); // leader epoch: the broker's to set
  batch[16] = 2; // magic
  batch.writeInt16BE((compress ? gzip : 0) | (identity.transactional === true ? transactionalFlag : 0), 21);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(baseTimestamp), 27);
  batch.writeBigInt64BE(
    BigInt(records.reduce((latest, { timestamp }) => Math.max(latest, timestamp), baseTimestamp)),
    35,
  );
  batch.writeBigInt64BE(BigInt(identity.producerId), 43);
  batch.writeInt16BE(identity.producerEpoch, 51);
  batch.writeInt32BE(identity.firstSequence, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
  return { length: batch.length, writeTo: (out, start) => start + batch.copy(out, start) };
}

/** Zigzag: a record may be older than the first of its batch. */
export function varint(value: number): Buffer {
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  const bytes: number[] = [];
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
