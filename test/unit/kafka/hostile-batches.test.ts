import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeRecordBatch } from '../../../functions/kafka/wire/record-batch.ts';
import type { OutboundRecord } from '../../../functions/runtime/publisher.ts';
import { encodeHeaders } from '../../../functions/runtime/wire-headers.ts';
import { hostileRecords } from '../../support/hostile.ts';
import { read, withFlags } from './batches.ts';

const identity = { producerId: 1, producerEpoch: 0, firstSequence: 0 };
const batch = (records: readonly OutboundRecord[], compress = false): Buffer =>
  encodeRecordBatch(records, identity, 0, compress ? 'gzip' : 'none');
const tiny: OutboundRecord = { key: null, value: null, headers: {} };

test.each([false, true])(
  'a batch of tiny records is read in portions, none twice and none left out (compressed: %s)',
  (compress) => {
    const bytes = batch(
      Array.from({ length: 5_000 }, () => tiny),
      compress,
    );
    const offsets: number[] = [];
    let portions = 0;
    for (let offset = 0; offset < 5_000; portions += 1) {
      const { records, next } = read([bytes], { offset, room: 71 * 1_000 });
      expect(records.length).toBeLessThanOrEqual(1_000);
      offsets.push(...records.map((record) => record.offset));
      offset = next;
    }
    expect(offsets).toEqual(Array.from({ length: 5_000 }, (_, offset) => offset));
    expect(portions).toBeGreaterThan(4);
  },
);

test('a portion has at least one record, however large, and what follows it is left for later', () => {
  const large = { ...tiny, value: Buffer.alloc(1_000) };
  const two = batch([large, large]);
  expect(read([two, two], { room: 1 })).toMatchObject({ next: 1, records: [{ offset: 0 }] });
  expect(read([two], { room: 0 })).toEqual({ records: [], bytes: 0, next: 0 });
});

test('headers count for what they take as objects', () => {
  const headers = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`h${index}`, 'x']));
  const plain = read([batch([{ ...tiny, value: Buffer.alloc(350) }])]).bytes;
  expect(read([batch([{ ...tiny, headers }])]).bytes).toBeGreaterThan(plain + 60 * 100);
});

test('so many headers that objects of them would fill the memory stay bytes until they are asked for', () => {
  const list = Array.from({ length: 1_000 }, (_, index) => [`h${index}`, Buffer.from('x')] as const);
  const wireHeaders = encodeHeaders(list);
  const [record] = read([batch([{ ...tiny, wireHeaders }])]).records;
  expect(Object.getOwnPropertyDescriptor(record, 'headers')?.get).toBeTypeOf('function');
  expect(record?.wireHeaders).toEqual(wireHeaders);
  expect({ ...record?.headers }).toEqual(Object.fromEntries(list));
  expect(record?.headers).toBe(record?.headers);
});

test.each(hostileRecords.filter(({ compress }) => !compress))(
  'headers of $name are as they were written',
  ({ record }) => {
    const [found] = read([batch([record])]).records;
    const { key = null, value = null, headers = {}, wireHeaders } = found ?? {};
    const passedOn = { key, value, headers: wireHeaders === undefined ? headers : {}, wireHeaders } as OutboundRecord;
    expect(batch([passedOn]).equals(batch([record]))).toBe(true);
  },
);

describe('frames of zstd that follow one another', () => {
  const values = Array.from({ length: 3 }, (_, index) => ({ ...tiny, value: Buffer.alloc(500, `${index}`) }));
  /** The records in frames of so many bytes, with empty ones behind them. */
  const framed = (bytes: number, empty = 0): Buffer => {
    const whole = batch(values);
    const body = whole.subarray(61);
    const frames: Buffer[] = Array.from({ length: empty }, () => zstdCompressSync(Buffer.alloc(0)));
    for (let at = body.length; at > 0; at -= bytes)
      frames.unshift(zstdCompressSync(body.subarray(Math.max(0, at - bytes), at)));
    return withFlags(Buffer.concat([whole.subarray(0, 61), ...frames]), 4);
  };

  test('are one content', () => {
    for (const bytes of [100, 503, 5_000]) {
      const { records } = read([framed(bytes, 2)]);
      expect(records.map(({ value }) => String(value))).toEqual(values.map(({ value }) => String(value)));
    }
  });

  test('are bounded together: in bytes, and in number', () => {
    const megabytes = (count: number): Buffer =>
      Buffer.concat(Array.from({ length: count }, () => zstdCompressSync(Buffer.alloc(16_777_216))));
    const bomb = withFlags(Buffer.concat([batch(values).subarray(0, 61), megabytes(5)]), 4);
    expect(() => read([bomb])).toThrow(
      /^The batch inflates to more than 67108864 bytes \(zstd\); its last offset is \d+$/,
    );
    expect(() => read([framed(5_000, 1_000)])).toThrow('The batch is no sound zstd: more than 1000 frames');
  });
});
