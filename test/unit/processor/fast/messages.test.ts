import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { enrichPlainly, processor } from '../../../../functions/processor/definition.ts';
import { enrichBytes } from '../../../../functions/processor/fast/enrich-bytes.ts';
import { createMarket } from '../../../../scripts/feed/market.ts';
import { messageWith } from '../message.ts';
import { defaultRates, enrich } from '../run.ts';

/** What the fast path makes of a message, held to what the plain path makes of it. */
function fast(text: string, rates = defaultRates): string | null {
  const bytes = Buffer.from(text);
  const result = enrichBytes(bytes, rates)?.toString() ?? null;
  if (result !== null) expect(result).toBe(enrichPlainly(bytes, rates).toString());
  return result;
}

/** As Python's json.dumps writes it, for messages whose texts have no comma or colon. */
function spaced(message: unknown): string {
  return JSON.stringify(message).replace(/,"|,\{|":/g, (found) => (found === '":' ? '": ' : `, ${found.slice(1)}`));
}

describe('the fast path takes', () => {
  test.each([2, 4, 40, 160])('all that the feed sends, with %d options', (contracts) => {
    const market = createMarket({ symbols: 100, contracts, seed: 11 });
    let now = Date.parse('2026-11-23T05:00:00Z');
    for (let count = 0; count < 400; count += 1) {
      now += 137;
      expect(fast(market.next(now).value)).not.toBeNull();
    }
  });

  test('what the feed sends across an expiry', () => {
    const market = createMarket({ symbols: 30, contracts: 8, seed: 5 });
    const close = Date.parse('2026-11-24T10:00:00Z');
    for (let now = close - 60_000; now < close + 60_000; now += 1_000) {
      expect(fast(market.next(now).value)).not.toBeNull();
    }
  });

  test('the messages of the golden vectors whose options are in order', () => {
    const fixture = new URL('../../../fixtures/processor/chains.ndjson', import.meta.url);
    const lines = readFileSync(fixture, 'utf8').trimEnd().split('\n');
    const taken = lines.filter((line) => {
      const { input, riskFree, dividendYield } = JSON.parse(line);
      return fast(input, { riskFree, dividendYield }) !== null;
    });
    expect(lines.length).toBe(91);
    expect(taken.length).toBeGreaterThan(50);
  });

  test('a message with a space behind each comma and colon', () => {
    expect(fast(spaced(messageWith()))).toBe(fast(JSON.stringify(messageWith())));
    expect(fast(spaced(messageWith()))).not.toBeNull();
  });

  test.each([
    ['lot_size'],
    ['vix'],
    ['futures'],
    ['spot.change'],
    ['spot.change_pct'],
    ['futures.oi'],
    ['futures.expiry'],
    ['options.0.ltp'],
    ['options.1.bid'],
    ['options.1.oi'],
    ['options.2.iv'],
    ['options.3.prev_close'],
    ['options.3.prev_oi'],
  ])('a message without %s, or with null there', (path) => {
    expect(fast(JSON.stringify(messageWith(path)))).not.toBeNull();
    // An expiry or a whole future of null are for the plain path.
    if (!path.endsWith('expiry') && path !== 'futures')
      expect(fast(JSON.stringify(messageWith(path, null)))).not.toBeNull();
  });

  test.each<[string, unknown]>([
    ['options', []],
    ['timestamp', 1763874000000],
    ['timestamp', '2026-11-23T05:00:00Z'],
    ['timestamp', '2026-11-23T05:00:00.123456789-11:59'],
    ['timestamp', '2026-11-27T05:00:00Z'],
    ['expiry', '2028-02-29'],
    ['spot.change', -150.25],
    ['vix', -0.5],
    ['symbol', 'x'.repeat(32)],
    ['symbol_id', 0],
    ['options.1.iv', 0],
    ['options.0.strike', 0.05],
    ['options.0.ltp', 123456789.12345],
    ['options.0.volume', 123456789012345],
  ])('%s of %j', (path, value) => {
    expect(fast(JSON.stringify(messageWith(path, value)))).not.toBeNull();
  });
});

describe('the fast path leaves to the plain one', () => {
  test.each<[string, unknown]>([
    ['symbol', 'é'],
    ['symbol', 'a"b'],
    ['symbol', 'a\\b'],
    ['symbol', ''],
    ['symbol', 'x'.repeat(33)],
    ['unknown', 1],
    ['spot.unknown', 1],
    ['options.0.unknown', 1],
    ['options.0.ltp', 1e21],
    ['options.0.ltp', 1e-7],
    ['options.0.ltp', 0.1234567890123456],
    ['options.0.ltp', -1],
    ['options.0.ltp', '1'],
    ['options.0.iv', -1],
    ['options.0.strike', 0],
    ['options.0.strike', 24200],
    ['options.1.option_type', 'CE'],
    ['spot.ltp', 0],
    ['lot_size', -1],
    ['symbol_id', 1.5],
    ['expiry', '2026-02-29'],
    ['timestamp', '2026-11-23T24:00:00Z'],
    ['timestamp', '2026-11-23T05:00:00.1234567890Z'],
    ['timestamp', 253402300800000],
    ['options', null],
    ['options', Array.from({ length: 2001 }, (_, index) => ({ strike: index + 1, option_type: 'CE' }))],
  ])('%s of %j', (path, value) => {
    expect(fast(JSON.stringify(messageWith(path, value)))).toBeNull();
  });

  test.each<[string, (text: string) => string]>([
    ['a byte order mark', (text) => `﻿${text}`],
    ['a space in front', (text) => ` ${text}`],
    ['a line break behind', (text) => `${text}\n`],
    ['a part of a message', (text) => text.slice(0, -1)],
    ['a letter more', (text) => `${text}x`],
    ['a message twice', (text) => text + text],
    ['a space somewhere', (text) => text.replace('"ltp":125', '"ltp": 125')],
    ['a field twice', (text) => text.replace('"ltp":125', '"ltp":1,"ltp":125')],
    ['an escape in a name', (text) => text.replace('"ltp"', '"\\u006ctp"')],
    ['a leading zero', (text) => text.replace('"ltp":125', '"ltp":0125')],
    ['a point with nothing behind', (text) => text.replace('"ltp":125.5', '"ltp":125.')],
    ['a point with nothing in front', (text) => text.replace('"ltp":125.5', '"ltp":.5')],
    ['a plus', (text) => text.replace('"ltp":125.5', '"ltp":+125.5')],
    ['minus zero', (text) => text.replace('"change":150.25', '"change":-0')],
    ['minus null', (text) => text.replace('"change":150.25', '"change":-null')],
    ['an exponent', (text) => text.replace('"ltp":125.5', '"ltp":1255e-1')],
    ['a comma too many', (text) => text.replace('],', ',],').replace('}]', '},]')],
    ['a control character', (text) => text.replace('NIFTY', 'NIF\u0001TY')],
    ['a type half right', (text) => text.replace('"CE"', '"CEE"')],
  ])('%s', (_, change) => {
    const text = change(JSON.stringify(messageWith()));
    expect(text).not.toBe(JSON.stringify(messageWith()));
    expect(fast(text)).toBeNull();
  });

  test.each(['', '\t', '  ', 'x'])('a message with spaces, one of them %j', (other) => {
    const text = spaced(messageWith());
    const places = [...text.matchAll(/ /g)].map(({ index }) => index);
    expect(places.length).toBeGreaterThan(100);
    for (const place of places) {
      expect(enrichBytes(Buffer.from(text.slice(0, place) + other + text.slice(place + 1)), defaultRates)).toBeNull();
    }
  });

  test('nothing, no bytes, and more than 1 MB', () => {
    expect(enrichBytes(null, defaultRates)).toBeNull();
    expect(enrichBytes(Buffer.alloc(0), defaultRates)).toBeNull();
    const long = JSON.stringify(messageWith()).padEnd((1 << 20) + 1);
    expect(enrichBytes(Buffer.from(long), defaultRates)).toBeNull();
    expect(() => enrich(long)).toThrow('message: expected at most 1048576 bytes, got 1048577');
    expect(enrich(long.slice(0, -1))).toBe(enrich(JSON.stringify(messageWith())));
  });
});

test('a message leaves nothing behind for the next', () => {
  const whole = JSON.stringify(messageWith());
  const expected = enrich(whole);
  for (let length = 0; length < whole.length; length += 7) {
    expect(enrichBytes(Buffer.from(whole.slice(0, length)), defaultRates)).toBeNull();
    expect(enrich(whole)).toBe(expected);
  }
  // Outputs are copies: a later message does not write into an earlier one's.
  const context = { signal: new AbortController().signal, resources: defaultRates } as never;
  const { value } = processor.handle({ value: Buffer.from(whole) } as never, context) as { value: Buffer };
  enrich(JSON.stringify(messageWith('spot.ltp', 1)));
  expect(value.toString()).toBe(expected);
});
