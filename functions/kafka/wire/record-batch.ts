import { gzipSync } from 'node:zlib';
import type { OutboundRecord } from '../../runtime/publisher.ts';
import { crc32c } from './crc32c.ts';

/**
 * Kafka's record batch, version 2 (magic byte 2), written into the request's one buffer. kafkajs makes several
 * encoders a record and copies each value three times: that was most of what producing cost.
 * https://kafka.apache.org/documentation/#recordbatch
 */

/** What makes the broker store a repeated batch once. */
export interface BatchIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstSequence: number;
}

type HeaderValue = OutboundRecord['headers'][string];

const headerBytes = 61;
const crcAt = 17;
const attributesAt = 21;
const gzip = 1;

/** A batch of known size that is yet to be written: a request takes all its batches into one buffer. */
export interface PreparedBatch {
  readonly length: number;
  /** Writes the batch at an offset, and returns the offset behind it. */
  writeTo(out: Buffer, start: number): number;
}

/** Measures the batch. `nowMs` is its timestamp. */
export function prepareRecordBatch(
  records: readonly OutboundRecord[],
  identity: BatchIdentity,
  nowMs: number,
  compress: boolean,
): PreparedBatch {
  const sizes = new Int32Array(records.length);
  let total = 0;
  for (let index = 0; index < records.length; index += 1) {
    const size = bodyBytes(records[index] as OutboundRecord, index); // the index is within bounds
    sizes[index] = size;
    total += varintBytes(size) + size;
  }
  if (compress) {
    const plain = Buffer.allocUnsafe(total);
    writeRecords(plain, 0, records, sizes);
    const packed = gzipSync(plain);
    return prepared(packed.length, records.length, identity, nowMs, gzip, (out, at) => {
      out.set(packed, at);
    });
  }
  return prepared(total, records.length, identity, nowMs, 0, (out, at) => writeRecords(out, at, records, sizes));
}

/** The batch as bytes of its own. */
export function encodeRecordBatch(...batch: Parameters<typeof prepareRecordBatch>): Buffer {
  const { length, writeTo } = prepareRecordBatch(...batch);
  const out = Buffer.allocUnsafe(length);
  writeTo(out, 0);
  return out;
}

function prepared(
  bodyLength: number,
  count: number,
  { producerId, producerEpoch, firstSequence }: BatchIdentity,
  nowMs: number,
  attributes: number,
  writeBody: (out: Buffer, at: number) => void,
): PreparedBatch {
  const length = headerBytes + bodyLength;
  return {
    length,
    writeTo(out, start) {
      writeBody(out, start + headerBytes);
      out.writeBigInt64BE(0n, start); // base offset: the broker's to set
      out.writeInt32BE(length - 12, start + 8);
      out.writeInt32BE(-1, start + 12); // leader epoch: the broker's to set
      out[start + 16] = 2; // magic
      out.writeInt16BE(attributes, start + attributesAt);
      out.writeInt32BE(count - 1, start + 23);
      out.writeBigInt64BE(BigInt(nowMs), start + 27);
      out.writeBigInt64BE(BigInt(nowMs), start + 35);
      out.writeBigInt64BE(BigInt(producerId), start + 43);
      out.writeInt16BE(producerEpoch, start + 51);
      out.writeInt32BE(firstSequence, start + 53);
      out.writeInt32BE(count, start + 57);
      out.writeUInt32BE(crc32c(out, start + attributesAt, start + length), start + crcAt);
      return start + length;
    },
  };
}

function writeRecords(out: Buffer, start: number, records: readonly OutboundRecord[], sizes: Int32Array): void {
  let at = start;
  for (let index = 0; index < records.length; index += 1) {
    at = writeRecord(out, at, records[index] as OutboundRecord, index, sizes[index] as number);
  }
}

function bodyBytes(record: OutboundRecord, offsetDelta: number): number {
  // Attributes and the timestamp delta (0) take a byte each.
  let bytes = 2 + varintBytes(offsetDelta) + sizedBytes(record.key) + sizedBytes(record.value);
  let count = 0;
  for (const name in record.headers) {
    const value = record.headers[name] as HeaderValue;
    const nameBytes = sizedBytes(name);
    if (Array.isArray(value)) {
      for (const one of value) bytes += nameBytes + sizedBytes(one);
      count += value.length;
    } else {
      bytes += nameBytes + sizedBytes(value as Buffer | string);
      count += 1;
    }
  }
  return bytes + varintBytes(count);
}

function writeRecord(out: Buffer, start: number, record: OutboundRecord, offsetDelta: number, size: number): number {
  let at = writeVarint(out, start, size);
  out[at] = 0;
  out[at + 1] = 0;
  at = writeVarint(out, at + 2, offsetDelta);
  at = writeSized(out, at, record.key);
  at = writeSized(out, at, record.value);
  let count = 0;
  for (const name in record.headers) {
    const value = record.headers[name] as HeaderValue;
    count += Array.isArray(value) ? value.length : 1;
  }
  at = writeVarint(out, at, count);
  for (const name in record.headers) {
    const value = record.headers[name] as HeaderValue;
    if (Array.isArray(value)) {
      for (const one of value) at = writeSized(out, writeSized(out, at, name), one);
    } else {
      at = writeSized(out, writeSized(out, at, name), value as Buffer | string);
    }
  }
  return at;
}

function lengthOf(value: Buffer | string): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

/** Bytes of a value with its length in front; a null has length -1. */
function sizedBytes(value: Buffer | string | null): number {
  if (value === null) return 1;
  const length = lengthOf(value);
  return varintBytes(length) + length;
}

function writeSized(out: Buffer, at: number, value: Buffer | string | null): number {
  if (value === null) {
    out[at] = 1; // -1, zigzag
    return at + 1;
  }
  if (typeof value === 'string') {
    const body = writeVarint(out, at, lengthOf(value));
    return body + out.write(value, body, 'utf8');
  }
  const body = writeVarint(out, at, value.length);
  out.set(value, body);
  return body + value.length;
}

/** Lengths and deltas are 0 or above here, so zigzag is doubling. */
function varintBytes(value: number): number {
  if (value < 64) return 1;
  if (value < 8_192) return 2;
  if (value < 1_048_576) return 3;
  return value < 134_217_728 ? 4 : 5;
}

function writeVarint(out: Buffer, start: number, value: number): number {
  let rest = value * 2;
  let at = start;
  while (rest > 127) {
    out[at] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
    at += 1;
  }
  out[at] = rest;
  return at + 1;
}
