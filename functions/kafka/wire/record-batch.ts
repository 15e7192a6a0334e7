import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import type { OutboundRecord } from '../../runtime/publisher.ts';
import { crc32c } from './crc32c.ts';
import { recordBytes, varintBytes, writeRecord } from './written-record.ts';

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

const headerBytes = 61;
const crcAt = 17;
const attributesAt = 21;

/** How the records of a batch are packed. Snappy and LZ4 are not in Node, and only read. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** Levels that cost least: a few per cent fewer bytes are not worth twice the time. */
const codecs = {
  gzip: { attribute: 1, pack: (plain: Buffer) => gzipSync(plain, { level: constants.Z_BEST_SPEED }) },
  zstd: {
    attribute: 4,
    pack: (plain: Buffer) => zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  },
} as const;

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
  compression: Compression,
): PreparedBatch {
  const sizes = new Int32Array(records.length);
  let total = 0;
  for (let index = 0; index < records.length; index += 1) {
    const size = recordBytes(records[index] as OutboundRecord, index); // the index is within bounds
    sizes[index] = size;
    total += varintBytes(size) + size;
  }
  if (compression !== 'none') {
    const { attribute, pack } = codecs[compression];
    const plain = Buffer.allocUnsafe(total);
    writeRecords(plain, 0, records, sizes);
    const packed = pack(plain);
    return prepared(packed.length, records.length, identity, nowMs, attribute, (out, at) => {
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
