import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { readBatches } from '../../../../functions/kafka/wire/fetched-batches.ts';
import { encodeRecordBatch } from '../../../../functions/kafka/wire/record-batch.ts';
import { rawBatch, readRawBatches } from '../../../../scripts/support/kafka/raw-records.ts';
import { childrenOf, placeOf } from '../../../../scripts/topics/migrate/place.ts';

const identity = { producerId: 7, producerEpoch: 1, firstSequence: 40 };
const where = { topic: 'market.raw', partition: 3 };

/** The batch as a broker sends it, with offsets from `base` on. */
function stored(batch: ReturnType<typeof rawBatch>, base: number): Buffer {
  const bytes = Buffer.alloc(batch.length);
  batch.writeTo(bytes, 0);
  bytes.writeBigInt64BE(BigInt(base), 0);
  return bytes;
}

const range = (bytes: Buffer) => ({ start: 0, end: bytes.length, aborted: [] });

test('a copied record is the same to the byte, with a timestamp of its own', () => {
  const records = [
    {
      key: Buffer.from('13'),
      value: Buffer.from('{}'),
      headers: { traceparent: Buffer.from('00-1'), 1: Buffer.from('x') },
    },
    { key: null, value: null, headers: {} },
    { key: Buffer.alloc(0), value: Buffer.alloc(70_000, 'v'), headers: { twice: [Buffer.from('a'), null] } },
  ];
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    const written = encodeRecordBatch(records, identity, 1_000, compression);
    const raw = readRawBatches(written, range(written), where, 0);
    expect(raw.next).toBe(3);
    // As records that were gathered at different times, and not in the order of their times.
    const timed = raw.records.map((record, index) => ({ ...record, timestamp: 5_000_000 - index * 70_000 }));
    const copy = stored(rawBatch(timed, identity), 100);
    const { records: read, next } = readBatches(copy, range(copy), { ...where, offset: 0 }, { left: 1, room: 1e9 });
    expect(next).toBe(103);
    expect(read.map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
      [100, 5_000_000],
      [101, 4_930_000],
      [102, 4_860_000],
    ]);
    expect(read.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(records);
    expect(readRawBatches(copy, range(copy), where, 0).records.map(({ body }) => body)).toEqual(
      raw.records.map(({ body }) => body),
    );
  }
});

test('reading begins where it was asked to, and a batch that is cut short comes later', () => {
  const one = { key: null, value: Buffer.from('{}'), headers: {} };
  const batch = encodeRecordBatch([one, one, one], identity, 1_000, 'none');
  expect(readRawBatches(batch, range(batch), where, 2).records.map(({ offset }) => offset)).toEqual([2]);
  const cut = batch.subarray(0, batch.length - 1);
  expect(readRawBatches(cut, range(cut), where, 1)).toEqual({ records: [], next: 1 });
});

test("a key goes where Kafka's default partitioner puts it, which is a child of its partition", () => {
  const partitioner = kafkajs.Partitioners.DefaultPartitioner();
  const split = { old: 6, new: 24 };
  const at = (count: number) => Array.from({ length: count }, (_, partitionId) => metadata(partitionId));
  for (let symbol = 0; symbol < 500; symbol += 1) {
    const key = Buffer.from(String(symbol));
    const message = { key, value: null };
    const old = partitioner({ topic: '', partitionMetadata: at(split.old), message });
    const placed = placeOf({ key, offset: symbol }, old, split);
    expect(placed).toBe(partitioner({ topic: '', partitionMetadata: at(split.new), message }));
    expect(childrenOf(old, split)).toContain(placed);
    expect(placeOf({ key, offset: symbol }, (old + 1) % split.old, split)).toBeUndefined();
  }
});

test('records without a key share the children of their partition, each the same one every time', () => {
  const split = { old: 6, new: 18 };
  const placed = [10, 11, 12, 13].map((offset) => placeOf({ key: null, offset }, 4, split));
  expect(placed).toEqual([10, 16, 4, 10]);
  expect(childrenOf(4, split)).toEqual([4, 10, 16]);
});

const metadata = (partitionId: number) => ({
  ...{ partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1], offlineReplicas: [] },
});
