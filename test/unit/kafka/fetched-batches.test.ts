import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeRecordBatch } from '../../../functions/kafka/wire/record-batch.ts';
import {
  baseTimestamp,
  batchOf,
  compressed,
  flags,
  marker,
  maxTimestamp,
  read,
  record,
  sealed,
  withFlags,
} from './batches.ts';
import { decodeWithKafkajs, type RecordSpec } from './kafkajs-codec.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const name = fc.string({ unit: 'grapheme', maxLength: 70 }).filter((one) => !(one in {})); // kafkajs reads those wrongly
const records: fc.Arbitrary<RecordSpec[]> = fc.array(
  fc.record({
    key: fc.option(bytes),
    value: fc.option(bytes),
    timestampDelta: fc.oneof(fc.integer({ min: -100, max: 100 }), fc.integer({ min: -(2 ** 40), max: 2 ** 40 })),
    headers: fc.dictionary(name, fc.oneof(bytes, fc.array(bytes, { minLength: 2, maxLength: 3 })), { maxKeys: 4 }),
  }),
  { minLength: 1, maxLength: 80 },
);

const values = (fetched: { records: readonly { value: Buffer | null }[] }): string[] =>
  fetched.records.map(({ value }) => String(value));

describe.each([
  ['plain', (batch: Buffer) => batch],
  ['gzip', (batch: Buffer) => compressed(batch, 1)],
  ['snappy', (batch: Buffer) => compressed(batch, 2)],
  ['lz4', (batch: Buffer) => compressed(batch, 3)],
  ['zstd', (batch: Buffer) => compressed(batch, 4)],
])('a batch, %s', (_codec, pack) => {
  test('is read as kafkajs reads it', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.nat(2 ** 48), async (all, baseOffset) => {
        const batch = await batchOf({ baseOffset, records: all });
        const theirs = await decodeWithKafkajs(batch);
        const ours = read([pack(batch)], { offset: baseOffset });
        expect(ours.records.map(({ wireHeaders: _, ...one }) => one)).toEqual(
          theirs.records.map(({ key, value, headers, timestamp, offset }) => ({
            topic: 'market.raw',
            partition: 7,
            offset: Number(offset),
            timestamp: Number(timestamp),
            key,
            value,
            headers,
          })),
        );
        expect(ours.next).toBe(baseOffset + all.length);
      }),
      { numRuns: 40 },
    );
  });

  test('of thousands of records, and of lengths on every side of a byte more', async () => {
    const many = Array.from({ length: 9_000 }, (_, index) => record(String(index)));
    expect(values(read([pack(await batchOf({ records: many }))]))).toEqual(many.map(({ value }) => String(value)));
    for (const edge of [63, 64, 8_191, 8_192, 1_048_575, 1_048_576]) {
      const value = 'x'.repeat(edge);
      expect(values(read([pack(await batchOf({ records: [record(value), record(value)] }))]))).toEqual([value, value]);
    }
  });
});

test('our own batches are read as they were written', () => {
  const batch = encodeRecordBatch(
    [{ key: Buffer.from('k'), value: 'v', headers: { twice: ['a', 'b'], once: 'c' } }],
    { producerId: 9, producerEpoch: 1, firstSequence: 3 },
    baseTimestamp,
    'gzip',
  );
  expect(read([batch])).toMatchObject({
    next: 1,
    bytes: 480,
    records: [
      {
        topic: 'market.raw',
        partition: 7,
        offset: 0,
        timestamp: baseTimestamp,
        key: Buffer.from('k'),
        value: Buffer.from('v'),
        headers: { twice: [Buffer.from('a'), Buffer.from('b')], once: Buffer.from('c') },
      },
    ],
  });
});

test('key and value are views of the response: nothing is copied', async () => {
  const batch = await batchOf({ records: [record('value', { key: Buffer.from('key') })] });
  const [first] = read([batch]).records;
  expect(first?.key?.buffer).toBe(first?.value?.buffer);
});

describe('headers', () => {
  const [one, two, three] = [Buffer.from('1'), Buffer.from('2'), Buffer.alloc(0)];

  const over = (headers: Record<string, Buffer | Buffer[]>): unknown => {
    const batch = encodeRecordBatch(
      [{ key: null, value: null, headers }],
      { producerId: 1, producerEpoch: 0, firstSequence: 0 },
      0,
      'none',
    );
    return new Map(Object.entries(read([batch]).records[0]?.headers ?? {}));
  };

  test.each([...Object.getOwnPropertyNames(Object.prototype), 'plain'])('called %s are what was sent', (called) => {
    for (const sent of [one, [one, two], [one, two, three]]) {
      const headers = Object.defineProperty({ other: one }, called, { value: sent, enumerable: true });
      expect(over(headers)).toEqual(
        new Map<string, unknown>([
          ['other', one],
          [called, sent],
        ]),
      );
    }
  });

  test('of null stay null, alone and among others', async () => {
    const batch = await batchOf({ records: [record('x', { headers: { h: [one, two, one] } })] });
    const at = batch.lastIndexOf(Buffer.from('h')) + 1;
    const nulled = Buffer.concat([batch.subarray(0, at), Buffer.from([1])]); // length -1 in place of 1 and a byte
    const record0 = nulled.subarray(61);
    record0[0] = (record0[0] ?? 0) - 2; // a byte shorter
    expect(read([sealed(nulled)]).records[0]?.headers).toEqual({ h: [one, two, null] });
  });

  test('of null before another are kept in order', async () => {
    const batch = await batchOf({ records: [record('x', { headers: { h: [one, two] } })] });
    const at = batch.indexOf(Buffer.from('h')) + 1;
    const nulled = Buffer.concat([batch.subarray(0, at), Buffer.from([1]), batch.subarray(at + 2)]);
    nulled.writeUInt8((nulled[61] ?? 0) - 2, 61); // the record is a byte shorter
    expect(read([sealed(nulled)]).records[0]?.headers).toEqual({ h: [null, two] });
  });

  test('are one and the same object when there are none, which nobody can change', async () => {
    const [first, second] = read([await batchOf({ records: [record('a'), record('b')] })]).records;
    expect(first?.headers).toEqual({});
    expect(first?.headers).toBe(second?.headers);
    expect(Object.isFrozen(first?.headers)).toBe(true);
  });
});

describe('offsets', () => {
  test('below the one asked for are left out, in whole batches and within one', async () => {
    const three = ['a', 'b', 'c'].map((value) => record(value));
    const batches = [
      await batchOf({ baseOffset: 10, records: three }),
      await batchOf({ baseOffset: 13, records: three }),
    ];
    expect(values(read(batches, { offset: 12 }))).toEqual(['c', 'a', 'b', 'c']);
    expect(values(read(batches, { offset: 14 }))).toEqual(['b', 'c']);
    expect(read(batches, { offset: 14 }).next).toBe(16);
  });

  test('with gaps, as compaction leaves them', async () => {
    const kept = [record('a', { offsetDelta: 3 }), record('b', { offsetDelta: 70_000 })];
    const batch = await batchOf({ baseOffset: 100, lastOffsetDelta: 90_000, records: kept });
    const fetched = read([batch], { offset: 100 });
    expect(fetched.records.map(({ offset }) => offset)).toEqual([103, 70_100]);
    expect(fetched.next).toBe(90_101);
  });

  test('move on over a batch that compaction emptied', async () => {
    const empty = await batchOf({ baseOffset: 5, lastOffsetDelta: 9, records: [] });
    expect(read([empty], { offset: 5 })).toEqual({ records: [], bytes: 0, next: 15 });
  });

  test('do not move back for a batch from before', async () => {
    const batch = await batchOf({ baseOffset: 5, records: [record('old')] });
    expect(read([batch], { offset: 50 })).toEqual({ records: [], bytes: 0, next: 50 });
  });
});

test("the time is the broker's where the topic says so", async () => {
  const batch = await batchOf({ records: [record('a', { timestampDelta: 5 })] });
  expect(read([batch]).records[0]?.timestamp).toBe(baseTimestamp + 5);
  expect(read([withFlags(batch, flags.appendTime)]).records[0]?.timestamp).toBe(maxTimestamp);
});

describe('transactions', () => {
  /** What some producers did, in order: a producer of 0 writes without a transaction. */
  const steps = fc.array(
    fc.record({ producer: fc.nat(2), act: fc.constantFrom('write', 'write', 'abort', 'commit') }),
    { maxLength: 40, size: 'max' },
  );

  test('that were aborted leave no record, those committed leave all, from wherever one reads', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.oneof(fc.constant(0), fc.nat(40)), async (made, offset) => {
        const all = [...made, ...[1, 2].map((producer) => ({ producer, act: 'abort' }))];
        const open = new Map<number, { firstOffset: number; offsets: number[] }>();
        const batches: { bytes: Buffer; end: number }[] = [];
        const aborted: { producerId: number; firstOffset: number; end: number }[] = [];
        const valid: number[] = [];
        let end = 0;
        for (const { producer, act } of all) {
          const baseOffset = end;
          if (act === 'write') {
            const transaction = open.get(producer) ?? { firstOffset: baseOffset, offsets: [] };
            if (producer === 0) valid.push(baseOffset, baseOffset + 1);
            else
              open
                .set(producer, transaction)
                .get(producer)
                ?.offsets.push(baseOffset, baseOffset + 1);
            const written = {
              baseOffset,
              producerId: producer,
              transactional: producer > 0,
              records: [record('a'), record('b')],
            };
            batches.push({ bytes: await batchOf(written), end: end + 2 });
            end += 2;
          } else if (open.has(producer)) {
            const { firstOffset = 0, offsets = [] } = open.get(producer) ?? {};
            open.delete(producer);
            if (act === 'commit') valid.push(...offsets);
            else aborted.push({ producerId: producer, firstOffset, end });
            batches.push({ bytes: await marker(baseOffset, producer, act === 'commit' ? 1 : 0), end: end + 1 });
            end += 1;
          }
        }
        const sent = batches.filter((batch) => batch.end > offset);
        const fetched = read(
          sent.map((batch) => batch.bytes),
          {
            offset,
            aborted: aborted.filter((one) => one.end >= offset),
          },
        );
        expect(fetched.records.map((one) => one.offset)).toEqual(
          valid.filter((one) => one >= offset).sort((left, right) => left - right),
        );
        expect(fetched.next).toBe(Math.max(offset, end));
      }),
    );
  });

  const written = (baseOffset: number, fields: { producerId: number; transactional?: boolean }): Promise<Buffer> =>
    batchOf({ baseOffset, transactional: true, ...fields, records: [record('a'), record('b')] });
  const offsets = (fetched: ReturnType<typeof read>): number[] => fetched.records.map(({ offset }) => offset);

  test('begin anew after a marker, also when all before it is out of sight', async () => {
    const aborted = [{ producerId: 1, firstOffset: 0 }];
    const batches = [await written(0, { producerId: 1 }), await marker(2, 1, 0), await written(3, { producerId: 1 })];
    expect(offsets(read(batches, { aborted }))).toEqual([3, 4]);
    expect(offsets(read(batches.slice(1), { aborted, offset: 2 }))).toEqual([3, 4]);
  });

  test('go on over what is no marker of an abort', async () => {
    const aborted = [{ producerId: 1, firstOffset: 0 }];
    const batches = [await marker(0, 1, 1), await marker(1, 1, 3), await written(2, { producerId: 1 })];
    expect(read(batches, { aborted })).toEqual({ records: [], bytes: 0, next: 4 });
  });

  test('are not those of what a producer writes outside of any', async () => {
    const aborted = [{ producerId: 1, firstOffset: 0 }];
    expect(offsets(read([await written(0, { producerId: 1, transactional: false })], { aborted }))).toEqual([0, 1]);
  });

  test('of control records only move the position', async () => {
    const markers = [await marker(0, 1, 1), await marker(1, 2, 0), await marker(2, 1, 5)];
    expect(read(markers)).toEqual({ records: [], bytes: 0, next: 3 });
  });
});
