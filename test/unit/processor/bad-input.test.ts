import { describe, expect, test } from 'vitest';
import { BadInputError } from '../../../functions/runtime/errors.ts';
import { messageWith, option } from './message.ts';
import { enrich } from './run.ts';

function failure(value: Buffer | string | null): BadInputError {
  try {
    enrich(value);
  } catch (error) {
    if (error instanceof BadInputError) return error;
    throw error;
  }
  throw new Error('expected bad input, got an output');
}

const sound = JSON.stringify(messageWith());

describe('what cannot be decoded', () => {
  test.each<[string, Buffer | string | null, string]>([
    ['a tombstone', null, 'expected JSON, got a null value (a tombstone)'],
    ['an empty value', Buffer.alloc(0), 'expected JSON, got an empty value'],
    ['white space', ' \n', 'expected JSON: '],
    ['cut off', sound.slice(0, -1), 'expected JSON: '],
    ['two messages', `${sound}\n${sound}`, 'expected JSON: '],
    ['NaN', sound.replace('13.2', 'NaN'), 'expected JSON: '],
    ['a comment', `/* */${sound}`, 'expected JSON: '],
    ['a control character in a string', sound.replace('NIFTY', 'NIF\nTY'), 'expected JSON: '],
    ['Latin-1', Buffer.from(sound.replace('NIFTY', 'NIFTÉ'), 'latin1'), 'expected UTF-8'],
    ['an overlong sequence', Buffer.concat([Buffer.from(sound), Buffer.from([0xc0, 0xaf])]), 'expected UTF-8'],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'expected UTF-8'],
    ['UTF-16', Buffer.from(`\ufeff${sound}`, 'utf16le'), 'expected UTF-8'],
    ['a byte order mark', Buffer.from(`\ufeff${sound}`), 'expected JSON, got a byte order mark'],
  ])('%s', (_, value, message) => {
    const error = failure(value);
    expect(error).toMatchObject({ code: 'DECODE_FAILED', retryable: false });
    expect(error.message.startsWith(message), error.message).toBe(true);
  });

  test("the parser's quotation of the input is escaped and short", () => {
    const { message } = failure(`{"a": \u001b[31m${'\u0000\n\u2028\u202e'.repeat(1000)}`);
    expect(message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    expect(Buffer.byteLength(message)).toBeLessThan(1024);
  });
});

const id = 'an integer from 0 to 9007199254740991';
const date = 'a real date, YYYY-MM-DD';
const time = 'ISO 8601 with seconds and zone (2026-11-23T10:30:00+05:30), or integer epoch milliseconds';
const positive = 'a number above 0';
const amount = 'a number of 0 or above, or null';
const anyNumber = 'a number or null';
const amounts = ['ltp', 'bid', 'ask', 'volume', 'oi', 'prev_close', 'prev_oi'];

describe('what violates the contract', () => {
  test.each<[path: string, value: unknown, expected: string, got: string]>([
    ['symbol_id', undefined, id, 'nothing'],
    ['symbol_id', null, id, 'null'],
    ['symbol_id', '13', id, '"13"'],
    ['symbol_id', -1, id, '-1'],
    ['symbol_id', 1.5, id, '1.5'],
    ['symbol_id', 2 ** 53, id, '9007199254740992'],
    ['symbol', undefined, 'text of 1 to 32 characters', 'nothing'],
    ['symbol', '', 'text of 1 to 32 characters', '""'],
    ['symbol', 'N'.repeat(33), 'text of 1 to 32 characters', `"${'N'.repeat(33)}"`],
    ['symbol', 'N'.repeat(1e6), 'text of 1 to 32 characters', `"${'N'.repeat(40)}"...`],
    ['symbol', '\u{1f4c8}'.repeat(33), 'text of 1 to 32 characters', `"${'\u{1f4c8}'.repeat(20)}"...`],
    ['symbol', '\ud800', 'text of 1 to 32 characters', '"\\ud800"'],
    ['symbol', 13, 'text of 1 to 32 characters', '13'],
    ['expiry', undefined, date, 'nothing'],
    ['expiry', '2026-02-30', date, '"2026-02-30"'],
    ['expiry', '2027-02-29', date, '"2027-02-29"'],
    ['expiry', '2100-02-29', date, '"2100-02-29"'],
    ['expiry', '2026-04-31', date, '"2026-04-31"'],
    ['expiry', '2026-13-01', date, '"2026-13-01"'],
    ['expiry', '2026-00-10', date, '"2026-00-10"'],
    ['expiry', '2026-11-00', date, '"2026-11-00"'],
    ['expiry', '0000-01-01', date, '"0000-01-01"'],
    ['expiry', '26-11-26', date, '"26-11-26"'],
    ['expiry', '2026-11-26\n', date, '"2026-11-26\\n"'],
    ['expiry', '2026-11-26T00:00:00Z', date, '"2026-11-26T00:00:00Z"'],
    ['expiry', 20261126, date, '20261126'],
    ['timestamp', undefined, time, 'nothing'],
    ['timestamp', '2026-11-23T10:30:00', time, '"2026-11-23T10:30:00"'],
    ['timestamp', '2026-11-23 10:30:00Z', time, '"2026-11-23 10:30:00Z"'],
    ['timestamp', '2026-11-23T10:30Z', time, '"2026-11-23T10:30Z"'],
    ['timestamp', '2026-11-23T10:30:00+0530', time, '"2026-11-23T10:30:00+0530"'],
    ['timestamp', '2026-11-23T10:30:00.Z', time, '"2026-11-23T10:30:00.Z"'],
    ['timestamp', '2026-11-23T10:30:00.1234567890Z', time, '"2026-11-23T10:30:00.1234567890Z"'],
    ['timestamp', '2026-11-23T24:00:00Z', time, '"2026-11-23T24:00:00Z"'],
    ['timestamp', '2026-11-23T10:60:00Z', time, '"2026-11-23T10:60:00Z"'],
    ['timestamp', '2026-11-23T10:30:60Z', time, '"2026-11-23T10:30:60Z"'],
    ['timestamp', '2026-11-23T10:30:00+24:00', time, '"2026-11-23T10:30:00+24:00"'],
    ['timestamp', '2026-11-23T10:30:00+05:60', time, '"2026-11-23T10:30:00+05:60"'],
    ['timestamp', '2026-11-31T10:30:00Z', time, '"2026-11-31T10:30:00Z"'],
    ['timestamp', 1.5, time, '1.5'],
    ['timestamp', 1e15, time, '1000000000000000'],
    ['timestamp', true, time, 'true'],
    ['lot_size', '75', amount, '"75"'],
    ['lot_size', -75, amount, '-75'],
    ['vix', '13.2', anyNumber, '"13.2"'],
    ['spot', undefined, 'an object', 'nothing'],
    ['spot', [], 'an object', 'an array of 0'],
    ['spot', 24105.5, 'an object', '24105.5'],
    ['spot.ltp', undefined, positive, 'nothing'],
    ['spot.ltp', null, positive, 'null'],
    ['spot.ltp', 0, positive, '0'],
    ['spot.ltp', -1, positive, '-1'],
    ['spot.change', '1', anyNumber, '"1"'],
    ['spot.change_pct', {}, anyNumber, 'an object'],
    ['futures', 'none', 'an object', '"none"'],
    ['futures', [], 'an object', 'an array of 0'],
    ['futures.ltp', '1', amount, '"1"'],
    ['futures.ltp', -1, amount, '-1'],
    ['futures.oi', -1, amount, '-1'],
    ['futures.volume', 'x', amount, '"x"'],
    ['futures.expiry', '2026-02-30', date, '"2026-02-30"'],
    ['futures.expiry', 5, date, '5'],
    ['options', undefined, 'an array', 'nothing'],
    ['options', null, 'an array', 'null'],
    ['options', {}, 'an array', 'an object'],
    ['options', Array(2001).fill(0), 'at most 2000 entries', 'an array of 2001'],
    ['options.1', null, 'an object', 'null'],
    ['options.1', [], 'an object', 'an array of 0'],
    ['options.3.strike', 'abc', positive, '"abc"'],
    ['options.3.strike', undefined, positive, 'nothing'],
    ['options.3.strike', 0, positive, '0'],
    ['options.3.strike', -24100, positive, '-24100'],
    ['options.0.option_type', undefined, '"CE" or "PE"', 'nothing'],
    ['options.0.option_type', 'ce', '"CE" or "PE"', '"ce"'],
    ['options.0.option_type', '\u001b[31m\u202e', '"CE" or "PE"', '"\\u001b[31m\\u202e"'],
    ['options.0.iv', '12.4', anyNumber, '"12.4"'],
    ...amounts.map((name): [string, unknown, string, string] => [`options.2.${name}`, -0.05, amount, '-0.05']),
    ...amounts.map((name): [string, unknown, string, string] => [`options.2.${name}`, '1', amount, '"1"']),
    ...amounts.map((name): [string, unknown, string, string] => [`options.2.${name}`, false, amount, 'false']),
  ])('%s: %j', (path, value, expected, got) => {
    const error = failure(JSON.stringify(messageWith(path, value)));
    const shownPath = path.replace(/^options\.(\d)/, 'options[$1]');
    expect(error).toMatchObject({ code: 'CONTRACT_VIOLATED', retryable: false });
    expect(error.message).toBe(`${shownPath}: expected ${expected}, got ${got}`);
  });

  test.each(['null', '5', '"text"', '[]', 'true'])('a message that is %s', (text) => {
    expect(failure(text)).toMatchObject({
      code: 'CONTRACT_VIOLATED',
      message: expect.stringMatching(/^message: expected an object, got /),
    });
  });

  test.each([
    ['"ltp":24105.5', '"ltp":1e999', 'spot.ltp: expected a number above 0, got Infinity'],
    ['"vix":13.2', '"vix":-1e999', 'vix: expected a number or null, got -Infinity'],
    ['"iv":12.4', `"iv":${'9'.repeat(1e6)}`, 'options[0].iv: expected a number or null, got Infinity'],
    ['"oi":1500000', '"oi":1e309', 'options[0].oi: expected a number of 0 or above, or null, got Infinity'],
    ['"symbol_id":13', '"symbol_id":1e400', `symbol_id: expected ${id}, got Infinity`],
  ])('a number that overflows: %s', (from, to, message) => {
    expect(failure(sound.replace(from, to))).toMatchObject({ code: 'CONTRACT_VIOLATED', message });
  });

  test('a strike and type given twice, in any order', () => {
    const options = [option(24100, 'PE'), option(24000, 'CE'), option(24000, 'PE'), option(24100, 'PE')];
    expect(failure(JSON.stringify(messageWith('options', options)))).toMatchObject({
      code: 'CONTRACT_VIOLATED',
      message: 'options[3]: expected each strike and type once, got 24100 PE of options[0] again',
    });
  });
});

describe('what means harm', () => {
  test.each([
    ['arrays', '['.repeat(500_000) + ']'.repeat(500_000)],
    ['objects', `${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`],
    ['arrays without an end', '['.repeat(1_000_000)],
  ])('a million bytes of nested %s', (_, bomb) => {
    expect(failure(bomb)).toBeInstanceOf(BadInputError);
    expect(failure(sound.replace('13.2', bomb))).toBeInstanceOf(BadInputError);
  });

  test('__proto__ is a field like any other', () => {
    const text = enrich(
      sound.replace('{', '{"__proto__":{"polluted":1,"vix":1},"constructor":{"prototype":{"polluted":1}},'),
    );
    expect(text).toBe(enrich(sound));
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(failure('{"__proto__":{"symbol_id":13}}').message).toMatch(/^symbol_id: /);
  });

  test('a field that is not known may hold anything', () => {
    expect(enrich(sound.replace('{', `{"x":1e999,"y":${'['.repeat(1e5)}${']'.repeat(1e5)},`))).toBe(enrich(sound));
  });
});
