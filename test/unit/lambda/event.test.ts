import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEvent } from '../../../functions/hosts/lambda/event.ts';
import { createEvent } from '../../../functions/hosts/lambda/testing.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const records = fc
  .uniqueArray(
    fc.record({
      partition: fc.integer({ min: 0, max: 3 }),
      offset: fc.integer({ min: 0, max: 50 }),
      timestamp: fc.integer({ min: -1, max: 2 ** 45 }),
      key: fc.option(bytes),
      value: fc.option(bytes),
      headers: fc.dictionary(
        fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
        bytes,
      ),
    }),
    { selector: ({ partition, offset }) => `${partition}/${offset}` },
  )
  .map((list) => list.map(createRecord));

const good = () => createEvent([createRecord({ topic: 't', key: 'k', value: 'v' })]);

/** The event with its first record changed. */
function withRecord(fields: object): unknown {
  const event = good();
  return { ...event, records: { 't-0': [{ ...event.records['t-0']?.[0], ...fields }] } };
}

describe('records of an event', () => {
  test('come back as they were, by partition and in offset order, whatever order they came in', () => {
    fc.assert(
      fc.property(records, (list) => {
        const batches = readEvent(JSON.parse(JSON.stringify(createEvent(list))), 'test');

        const found = batches.flatMap((batch) => batch.records.map(({ wireHeaders: _, ...record }) => record));
        const place = (a: (typeof list)[number], b: (typeof list)[number]) =>
          a.partition - b.partition || a.offset - b.offset;
        expect(found.toSorted(place).map((one) => ({ ...one, headers: { ...one.headers } }))).toEqual(
          list.toSorted(place),
        );
        for (const batch of batches) {
          expect(batch.records.map(({ partition }) => partition)).toEqual(batch.records.map(() => batch.partition));
          expect(batch.records.map(({ offset }) => offset)).toEqual(
            batch.records.map(({ offset }) => offset).toSorted((a, b) => a - b),
          );
        }
      }),
    );
  });

  test.each([
    ['a missing key', { key: undefined }, { key: null }],
    ['a null key', { key: null }, { key: null }],
    ['a tombstone', { value: null }, { value: null }],
    ['an absent value', { value: undefined }, { value: null }],
    ['an empty value', { value: '' }, { value: Buffer.alloc(0) }],
    ['no headers', { headers: undefined }, { headers: {} }],
    [
      'signed header bytes',
      { headers: [{ h: [-1, 0, 127, -128] }] },
      { headers: { h: Buffer.from('ff007f80', 'hex') } },
    ],
    ['unsigned header bytes', { headers: [{ h: [255] }] }, { headers: { h: Buffer.from('ff', 'hex') } }],
    ['a null header', { headers: [{ h: {} }] }, { headers: { h: null } }],
    ['a header given twice', { headers: [{ h: [1] }, { h: [2] }] }, { headers: { h: [Buffer.of(1), Buffer.of(2)] } }],
    ['a header called __proto__', { headers: [JSON.parse('{"__proto__":[1]}')] }, {}],
  ])('%s', (_what, fields, expected) => {
    expect(readEvent(withRecord(fields), 't')[0]?.records[0]).toMatchObject(expected);
  });

  test('a header called __proto__ is a header', () => {
    const event = withRecord({ headers: [JSON.parse('{"__proto__":[1]}')] });
    expect(Object.entries(readEvent(event, 't')[0]?.records[0]?.headers ?? {})).toEqual([['__proto__', Buffer.of(1)]]);
  });

  test('a record that came twice is handled once', () => {
    const record = createRecord({ topic: 't', offset: 4 });
    const event = createEvent([record, { ...record, offset: 5 }, record]);
    expect(readEvent(event, 't')[0]?.records.map(({ offset }) => offset)).toEqual([4, 5]);
  });

  test('SelfManagedKafka is the same, and no records are none', () => {
    expect(readEvent({ ...good(), eventSource: 'SelfManagedKafka' }, 't')).toEqual(readEvent(good(), 't'));
    expect(readEvent({ eventSource: 'aws:kafka', records: {} }, 't')).toEqual([]);
    expect(readEvent({ eventSource: 'aws:kafka', records: { 't-0': [] } }, 't')).toEqual([]);
  });
});

describe('is refused with what was expected and what came', () => {
  test.each<[what: string, event: unknown, says: RegExp]>([
    ['nothing', undefined, /^A Kafka event was expected, .*"aws:kafka".*, but undefined came/],
    ['a string', 'records', /but a value of type string came/],
    ['a list', [], /but a list came/],
    ['an event of SQS', { Records: [] }, /its eventSource is undefined: point the event source mapping/],
    ['an event of another source', { eventSource: 'aws:kinesis', records: {} }, /its eventSource is "aws:kinesis"/],
    [
      'a source that is nested deep',
      { eventSource: JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)), records: {} },
      /its eventSource is a list: point/,
    ],
    [
      'escapes in its source',
      { eventSource: '\u001b[2J\u009b31m\u202e\u2028', records: {} },
      /its eventSource is "\\u001b\[2J\\u009b31m\\u202e\\u2028": point/,
    ],
    ['a source in a list', { eventSource: ['aws:kafka'], records: {} }, /its eventSource is \["aws:kafka"\]/],
    ['a source that is no text', { eventSource: { toString: 1 }, records: {} }, /its eventSource is \{"toString":1\}/],
    ['no records', { eventSource: 'aws:kafka' }, /its records are undefined/],
    ['a list of records', { eventSource: 'aws:kafka', records: [] }, /its records are a list/],
    [
      'a partition without a list',
      { eventSource: 'aws:kafka', records: { a: 1 } },
      /expected at records\."a", but a value/,
    ],
    [
      'a record that is none',
      { eventSource: 'aws:kafka', records: { a: [7] } },
      /A record was expected at records\."a"\[0\]/,
    ],
    [
      'an unknown topic',
      withRecord({ topic: 'other' }),
      /Records of topic t were expected, but .* is of "other": correct/,
    ],
    [
      'no topic',
      withRecord({ topic: undefined }),
      /In topic of records\."t-0"\[0\] a string was expected, but nothing came/,
    ],
    ['a partition in words', withRecord({ partition: '0' }), /In partition of .* a whole number was expected/],
    ['a negative offset', withRecord({ offset: -1 }), /In offset of .* a whole number was expected, but -1 came/],
    ['an offset beyond what a number holds', withRecord({ offset: 2 ** 60 }), /In offset of /],
    ['a timestamp in words', withRecord({ timestamp: 'now' }), /In timestamp of /],
    ['a value that is no text', withRecord({ value: 7 }), /In value of .* base64 or null was expected, but 7 came/],
    ['bad base64', withRecord({ value: 'ab!d' }), /Base64 was expected in value of records\."t-0"\[0\]/],
    [
      'letters beyond base64, whose low byte is one',
      withRecord({ value: 'AAA\u0141' }),
      /Base64 was expected in value/,
    ],
    ['base64 cut short', withRecord({ key: 'abc' }), /Base64 was expected in key of/],
    ['headers that are no list', withRecord({ headers: {} }), /In headers of .* a list was expected/],
    ['a header that is no object', withRecord({ headers: ['h'] }), /In headers\[0\] of .* an object was expected/],
    ['header bytes in words', withRecord({ headers: [{ h: 'x' }] }), /A list of bytes was expected in .*headers\[0\]/],
    ['a header byte of 256', withRecord({ headers: [{ h: [256] }] }), /A list of bytes was expected/],
  ])('%s', (_what, event, says) => {
    expect(() => readEvent(event, 't')).toThrow(
      expect.objectContaining({ code: 'BAD_EVENT', message: expect.stringMatching(says) }),
    );
  });

  test('without the whole of what came: one line, and not long', () => {
    const event = withRecord({ topic: `x\n${'y'.repeat(5_000)}` });
    expect(() => readEvent(event, 't')).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{1,400}$/) }),
    );
  });
});
