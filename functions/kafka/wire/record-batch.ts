import { gzipSync } from 'node:zlib';
import type { OutboundRecord } from '../../runtime/publisher.ts';
import { crc32c } from './crc32c.ts';

/**
 * Kafka's record batch, version 2 (magic byte 2), written into one buffer of the exact size. kafkajs makes several
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

/** The batch as bytes. `nowMs` is its timestamp. */
export function encodeRecordBatch(
  records: readonly OutboundRecord[],
  { producerId, producerEpoch, firstSequence }: BatchIdentity,
  nowMs: number,
  compress: boolean,
): Buffer {
  const sizes = new Int32Array(records.length);
  let total = 0;
  for (let index = 0; index < records.length; index += 1) {
    const size = bodyBytes(records[index] as OutboundRecord, index); // the index is within bounds
    sizes[index] = size;
    total += varintBytes(size) + size;
  }
  const plain = Buffer.allocUnsafe(headerBytes + total);
  let at = headerBytes;
  for (let index = 0; index < records.length; index += 1) {
    at = writeRecord(plain, at, records[index] as OutboundRecord, index, sizes[index] as number);
  }
  const batch = compress
    ? Buffer.concat([plain.subarray(0, headerBytes), gzipSync(plain.subarray(headerBytes))])
    : plain;
  batch.writeBigInt64BE(0n, 0); // base offset: the broker's to set
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12); // leader epoch: the broker's to set
  batch[16] = 2; // magic
  batch.writeInt16BE(compress ? gzip : 0, attributesAt);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(nowMs), 27);
  batch.writeBigInt64BE(BigInt(nowMs), 35);
  batch.writeBigInt64BE(BigInt(producerId), 43);
  batch.writeInt16BE(producerEpoch, 51);
  batch.writeInt32BE(firstSequence, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch, attributesAt, batch.length), crcAt);
  return batch;
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
