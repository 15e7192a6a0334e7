import { expect, test } from 'vitest';
import { encodeRecordBatch } from '../../../functions/kafka/wire/record-batch.ts';
import type { OutboundRecord } from '../../../functions/runtime/publisher.ts';
import { encodeHeaders } from '../../../functions/runtime/wire-headers.ts';
import { hostileRecords } from '../../support/hostile.ts';
import { read } from './batches.ts';

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
