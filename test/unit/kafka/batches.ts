import { gzipSync, zstdCompressSync } from 'node:zlib';
import { crc32c } from '../../../functions/kafka/wire/crc32c.ts';
import { type FetchedFrom, type FetchedRecords, readBatches } from '../../../functions/kafka/wire/fetched-batches.ts';
import { packLz4, packSnappy } from '../../support/packers.ts';
import { batchWithKafkajs, type RecordSpec } from './kafkajs-codec.ts';

/** Batches as a broker would send them, written by kafkajs' encoder and changed where it cannot write such a thing. */

export interface Batch {
  readonly baseOffset?: number;
  readonly lastOffsetDelta?: number;
  readonly producerId?: number;
  readonly transactional?: boolean;
  readonly records: readonly RecordSpec[];
}

export const baseTimestamp = 1_763_874_000_123;
export const maxTimestamp = baseTimestamp + 60_000;

export function batchOf({
  baseOffset = 0,
  lastOffsetDelta,
  producerId = -1,
  transactional = false,
  records,
}: Batch): Promise<Buffer> {
  return batchWithKafkajs({
    firstOffset: baseOffset,
    firstTimestamp: baseTimestamp,
    maxTimestamp,
    lastOffsetDelta: lastOffsetDelta ?? Math.max(0, records.length - 1),
    producerId,
    transactional,
    compression: 0,
    records: records.map((record, index) => ({ offsetDelta: index, ...record })),
  });
}

export const record = (value: string, fields: Partial<RecordSpec> = {}): RecordSpec => ({
  key: null,
  value: Buffer.from(value),
  ...fields,
});

/** A batch with its length and checksum as they must be, after something in it was changed. */
export function sealed(batch: Buffer): Buffer {
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
  return batch;
}

export const flags = { appendTime: 0x08, control: 0x20 };

export function withFlags(batch: Buffer, attributes: number): Buffer {
  batch.writeInt16BE(batch.readInt16BE(21) | attributes, 21);
  return sealed(batch);
}

const pack = { 1: gzipSync, 2: packSnappy, 3: packLz4, 4: zstdCompressSync };

/** The batch with its records compressed; with snappy and LZ4 they are as long as before. */
export function compressed(batch: Buffer, codec: keyof typeof pack): Buffer {
  return withFlags(Buffer.concat([batch.subarray(0, 61), pack[codec](batch.subarray(61))]), codec);
}

/** The marker at the end of a transaction: type 0 aborts, 1 commits. */
export async function marker(baseOffset: number, producerId: number, type: number): Promise<Buffer> {
  const key = Buffer.from([0, 0, 0, type]);
  const batch = await batchOf({ baseOffset, producerId, transactional: true, records: [record('', { key })] });
  return withFlags(batch, flags.control);
}

/** Reads batches as they would stand in a response, with other bytes around them. */
export function read(
  batches: readonly Buffer[],
  {
    offset = 0,
    aborted = [],
    budget = 1e9,
    room = 1e9,
  }: { offset?: number; aborted?: { producerId: number; firstOffset: number }[]; budget?: number; room?: number } = {},
): FetchedRecords {
  const from: FetchedFrom = { topic: 'market.raw', partition: 7, offset };
  const around = Buffer.alloc(100, 0x55);
  const response = Buffer.concat([around, ...batches, around]);
  return readBatches(response, { start: 100, end: response.length - 100, aborted }, from, { left: budget, room });
}
