import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRecord } from '../../../functions/hosts/lambda/record.ts';
import { recordBytes, writeRecord } from '../../../functions/kafka/wire/written-record.ts';
import { deadLetterOf } from '../../../functions/runtime/dead-letter.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';
import { encodeHeaders, headerOf, headersOf, without } from '../../../functions/runtime/wire-headers.ts';

const name = fc.oneof(fc.constantFrom('a', 'b', '1', '', '__proto__', 'error.code'), fc.string({ maxLength: 200 }));
const value = fc.option(fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)));
const lists = fc.array(fc.tuple(name, value), { maxLength: 12 });

test('headers in bytes say what their list says', () => {
  fc.assert(
    fc.property(lists, (list) => {
      const wire = encodeHeaders(list);
      const wellFormed = list.map(([key, bytes]) => [key.toWellFormed(), bytes] as const);
      const byName = Map.groupBy(wellFormed, ([key]) => key);
      const expected = [...byName].map(([key, all]) => [key, all.length > 1 ? all.map(([, one]) => one) : all[0]?.[1]]);
      expect(new Map(Object.entries(headersOf(wire)))).toEqual(new Map(expected as [string, unknown][]));
      const record = createRecord({ wireHeaders: wire });
      for (const [key, found] of expected) expect(headerOf(record, String(key))).toEqual(found);
      expect(headerOf(record, 'absent')).toBeUndefined();
      const others = list.filter(([key]) => key !== 'a' && key !== 'error.code');
      expect(without(wire, ['a', 'error.code'])).toEqual(encodeHeaders(others));
    }),
  );
});

const cause = { code: 'CONTRACT_VIOLATED', message: 'no', functionName: 'f', attempts: 1 } as const;

describe('a dead letter of odd headers', () => {
  const signed = (bytes: Buffer | null): unknown =>
    bytes === null ? {} : [...bytes].map((byte) => (byte << 24) >> 24);

  test('has them as an event had them, in their order, and why it died', () => {
    const list: [string, Buffer | null][] = [
      ['b', Buffer.from('1')],
      ['10', null],
      ['b', Buffer.from([0xff])],
      ['error.code', Buffer.from('OLD')],
      ['9', Buffer.alloc(0)],
    ];
    const headers = list.map(([key, bytes]) => ({ [key]: signed(bytes) }));
    const record = readRecord({ topic: 't', partition: 0, offset: 0, timestamp: 0, headers }, 'path');
    expect(Object.keys(record.headers)).toEqual(['9', '10', 'b', 'error.code']);

    const letter = deadLetterOf(record, cause);

    const kept = encodeHeaders(list.filter(([key]) => key !== 'error.code'));
    expect(letter.wireHeaders).toEqual(kept);
    expect(Object.keys(letter.headers)).toEqual(Object.keys(deadLetterOf(createRecord(), cause).headers));
    const out = Buffer.alloc(recordBytes(letter, 0) + 5);
    const end = writeRecord(out, 0, letter, 0, recordBytes(letter, 0));
    expect(end).toBe(recordBytes(letter, 0) + 2);
    expect(out.includes(kept.bytes)).toBe(true);
  });

  test('of hundreds of thousands in an event is made without a copy for each', () => {
    const headers = Array.from({ length: 400_000 }, () => ({ '': [1] }));
    const record = readRecord({ topic: 't', partition: 0, offset: 0, timestamp: 0, headers }, 'path');
    expect(record.headers['']).toHaveLength(400_000);
    expect(deadLetterOf(record, cause).wireHeaders?.count).toBe(400_000);
  });
});
