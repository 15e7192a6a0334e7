import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DeathCause, deadLetterOf, oneLine } from '../../../functions/runtime/dead-letter.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';

const cause: DeathCause = {
  code: 'CONTRACT_VIOLATED',
  message: 'spot is missing',
  functionName: 'processor',
  attempts: 2,
};

describe('a dead letter', () => {
  test('is the record, untouched, and why', () => {
    const key = Buffer.from([0, 255]);
    const value = Buffer.from([1, 254]);
    const traceparent = Buffer.from('00-1');
    const record = createRecord({
      topic: 'market.raw',
      partition: 7,
      offset: 12_345,
      timestamp: 1_763_874_000_123,
      key,
      value,
      headers: { traceparent },
    });

    const letter = deadLetterOf(record, cause);

    expect(letter.key).toBe(key);
    expect(letter.value).toBe(value);
    expect({ ...letter.headers }).toEqual({
      traceparent,
      'error.code': 'CONTRACT_VIOLATED',
      'error.message': 'spot is missing',
      'error.function': 'processor',
      'error.attempts': '2',
      'error.topic': 'market.raw',
      'error.partition': '7',
      'error.offset': '12345',
      'error.timestamp': '1763874000123',
    });
  });

  test('keeps a null key and a null value', () => {
    expect(deadLetterOf(createRecord(), cause)).toMatchObject({ key: null, value: null });
  });

  test('keeps every header: repeated, empty, oddly named, but not one that is undefined', () => {
    const one = Buffer.from('1');
    const headers = { constructor: one, toString: one, twice: [one, Buffer.alloc(0)], '': one, gone: undefined };
    const record = createRecord({
      headers: Object.defineProperty(headers, '__proto__', { value: one, enumerable: true }),
    });

    const letter = deadLetterOf(record, cause);

    const kept = Object.entries(letter.headers).filter(([name]) => !name.startsWith('error.'));
    expect(new Map(kept)).toEqual(
      new Map<string, unknown>([
        ['__proto__', one],
        ['constructor', one],
        ['toString', one],
        ['twice', [one, Buffer.alloc(0)]],
        ['', one],
      ]),
    );
  });

  test('says why it died this time, whatever the record said of an earlier death', () => {
    const headers = { 'error.code': Buffer.from('OLD'), 'error.offset': [Buffer.from('1'), Buffer.from('2')] };
    const letter = deadLetterOf(createRecord({ offset: 9, headers }), cause);
    expect(letter.headers).toMatchObject({ 'error.code': 'CONTRACT_VIOLATED', 'error.offset': '9' });
  });

  test('does not change the record', () => {
    const record = createRecord({ headers: { a: Buffer.from('1') } });
    deadLetterOf(record, cause);
    expect(Object.keys(record.headers)).toEqual(['a']);
  });
});

describe('one line', () => {
  test.each([
    ['two\r\nlines', 'two lines'],
    ['  around\n', 'around'],
    ['a\u0000b\u001b[31mc\u007fd\u0085e\u2028f\u2029g', 'a b [31mc d e f g'],
    ['tab\there', 'tab here'],
    ['₹ 24,100 — ü', '₹ 24,100 — ü'],
    ['', ''],
  ])('%j is %j', (message, line) => {
    expect(oneLine(message)).toBe(line);
  });

  test.each([
    ['one byte', 'x', 1_024],
    ['two bytes', 'ü', 1_024],
    ['three bytes', '₹', 1_023],
    ['four bytes', '😀', 1_024],
  ])('is cut at 1 KB, between characters of %s', (_what, character, bytes) => {
    const line = oneLine(character.repeat(3_000));
    expect(Buffer.byteLength(line)).toBe(bytes);
    expect(line).toBe(character.repeat(line.length / character.length));
  });

  test('of 1 KB is kept whole', () => {
    expect(oneLine('x'.repeat(1_024))).toHaveLength(1_024);
  });

  test('is for any text short, printable and good UTF-8', () => {
    const part = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ unit: 'grapheme', maxLength: 30 }));
    const text = fc.tuple(part, part, fc.nat({ max: 120 })).map(([head, body, times]) => head + body.repeat(times));
    fc.assert(
      fc.property(text, (message) => {
        const line = oneLine(message);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(1_024);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        expect(line).toBe(line.trim());
        if (!message.includes('\ufffd')) expect(line).not.toContain('\ufffd'); // no character was cut in two
      }),
    );
  });
});
