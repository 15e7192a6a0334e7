import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gammaExposure } from '../../../functions/processor/gamma-exposure.ts';
import type { ValuedOption } from '../../../functions/processor/valuation.ts';
import { messageWith } from './message.ts';
import { enrich, enrichedValue } from './run.ts';

interface Enriched {
  readonly context: Readonly<Record<string, number | null>>;
  readonly options: readonly Readonly<Record<string, unknown>>[];
  readonly analyses: {
    readonly max_pain: number | null;
  };
}

interface Option {
  readonly strike: number;
  readonly option_type: string;
  readonly oi?: number | null;
}

const enrichObject = (message: unknown): Enriched => JSON.parse(enrich(JSON.stringify(message)));

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 5 });
const ticks = (most: number) => fc.integer({ min: 0, max: most }).map((count) => count / 20);

function chains<T extends Record<string, fc.Arbitrary<unknown>>>(fields: T, strike = ticks(2000)) {
  const listed = { strike: strike.filter((k) => k > 0), option_type: fc.constantFrom('CE', 'PE'), ...fields };
  return fc.uniqueArray(fc.record(listed, { requiredKeys: ['strike', 'option_type'] }), {
    selector: (option) => `${Number(option.strike)} ${option.option_type}`,
    maxLength: 24,
  });
}

const tradedChains = chains({
  ltp: maybe(ticks(4000)),
  bid: maybe(ticks(4000)),
  ask: maybe(ticks(4000)),
  volume: maybe(fc.nat(1e7)),
  oi: maybe(fc.nat(1e7)),
  iv: maybe(fc.integer({ min: -100, max: 9000 }).map((hundredths) => hundredths / 100)),
  prev_close: maybe(ticks(4000)),
  prev_oi: maybe(fc.nat(1e7)),
});

/** Any finite double that the contract lets pass: overflow must never reach the output. */
const wild = fc.double({ min: 0, noNaN: true, maxExcluded: true, max: Infinity });
const wildChains = chains({ ltp: wild, bid: wild, ask: wild, volume: wild, oi: wild, iv: wild, prev_oi: wild }, wild);

function withOptions(options: unknown, spot = 50.35): Record<string, unknown> {
  return { ...messageWith('options', options), spot: { ltp: spot } };
}

describe('the encoding', () => {
  test('is canonical: the bytes are those of JSON.stringify, and the same for any order of the options', () => {
    fc.assert(
      fc.property(tradedChains, (options) => {
        const text = enrich(JSON.stringify(withOptions(options)));
        expect(JSON.stringify(JSON.parse(text))).toBe(text);
        expect(enrich(JSON.stringify(withOptions(options.toReversed())))).toBe(text);
      }),
    );
  });

  test('holds only finite numbers and no -0, whatever the input', () => {
    fc.assert(
      fc.property(wildChains, wild, wild, wild, (options, spot, lotSize, future) => {
        const message = { ...withOptions(options, spot || 1), lot_size: lotSize, futures: { ltp: future } };
        const text = enrich(JSON.stringify(message));
        expect(text).not.toMatch(/NaN|Infinity|:-0[,}\]]/);
        expect(JSON.stringify(JSON.parse(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test('has room for the most that can come: 2,000 options with the longest numbers', () => {
    const long = 1.2345678901234567e-100;
    const options = Array.from({ length: 2000 }, (_, index) => {
      const [ltp, bid, ask, volume, oi, iv, prev_close] = Array<number>(7).fill(long);
      const strike = (index + 1) * long;
      return { strike, option_type: 'PE', ltp, bid, ask, volume, oi, iv, prev_close, prev_oi: 1.2345678901234567e100 };
    });
    const message = { ...withOptions(options, 1.2345678901234567e200), symbol: '\u0001'.repeat(32) };
    const { options: written } = enrichObject(message);
    expect(written).toHaveLength(2000);
    expect(written[1999]).toMatchObject({ strike: 2000 * long, ltp: long, buildup_type: 'neutral' });
  });

  test('each output has its own bytes, though one buffer makes them all', () => {
    const first = enrichedValue(JSON.stringify(withOptions([])));
    const before = String(first);
    enrichedValue(JSON.stringify(withOptions([{ strike: 50, option_type: 'CE', iv: 20 }])));
    expect(String(first)).toBe(before);
  });
});

describe('the options', () => {
  test('are those that came, by strike and the call before the put, with the values that came', () => {
    fc.assert(
      fc.property(tradedChains, (options) => {
        const { options: written } = enrichObject(withOptions(options));
        const order = (a: Option, b: Option) => a.strike - b.strike || (a.option_type === 'CE' ? -1 : 1);
        const expected = options.toSorted(order).map(({ strike, option_type, ltp, bid, ask, volume, oi }) => {
          const given = { strike, option_type, ltp, bid, ask, volume, oi };
          return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value ?? null]));
        });
        expect(written).toMatchObject(expected);
      }),
    );
  });

  test('have volatility and Greeks together or not at all, and a source with them', () => {
    fc.assert(
      fc.property(tradedChains, (options) => {
        for (const option of enrichObject(withOptions(options)).options) {
          const parts = ['iv', 'iv_source', 'price', 'delta', 'gamma', 'theta', 'vega', 'rho'];
          const nulls = parts.filter((name) => option[name] === null);
          expect([0, parts.length]).toContain(nulls.length);
        }
      }),
    );
  });

  test('have shares that add up to 100 of each type', () => {
    fc.assert(
      fc.property(tradedChains, (options) => {
        const { options: written, context } = enrichObject(withOptions(options));
        for (const [type, total] of [
          ['CE', 'total_call_oi'],
          ['PE', 'total_put_oi'],
        ] as const) {
          const shares = written.filter((o) => o.option_type === type).map((o) => Number(o.oi_pct));
          const sum = shares.reduce((a, b) => a + b, 0);
          expect(Math.abs(sum - (context[total] === 0 ? 0 : 100))).toBeLessThan(0.00005 * (shares.length + 1));
        }
      }),
    );
  });
});

describe('max pain', () => {
  test('is the lowest of the strikes that brute force finds cheapest', () => {
    // Whole strikes and small counts, so that ties are common and the sums exact.
    const tied = chains({ oi: maybe(fc.nat(4)) }, fc.integer({ min: 1, max: 12 }));
    fc.assert(
      fc.property(tied, (options) => {
        const paid = (level: number) =>
          options.reduce((sum, { strike, option_type, oi }) => {
            const pays = option_type === 'CE' ? level - strike : strike - level;
            return sum + Math.max(pays, 0) * Number(oi ?? 0);
          }, 0);
        const strikes = [...new Set(options.map(({ strike }) => strike))].sort((a, b) => a - b);
        const least = Math.min(...strikes.map(paid));
        const hasOi = options.some(({ oi }) => Number(oi ?? 0) > 0);
        const expected = hasOi ? strikes.find((strike) => paid(strike) === least) : null;
        const { analyses, context } = enrichObject(withOptions(options));
        expect(analyses.max_pain).toBe(expected);
        expect(context.max_pain_strike).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('gamma exposure', () => {
  /** Small whole gammas at a spot of 10 and no lot size: exposures are exact, and sums of 0 and ties are common. */
  const side = (type: 'CE' | 'PE', strike: number, gamma: number): ValuedOption => {
    const none = { ltp: null, bid: null, ask: null, volume: null, iv: null, prevClose: null, prevOi: null };
    const greeks = { price: 0, delta: 0, gamma, theta: 0, vega: 0, rho: 0 };
    const quote = { ...none, strike, type, oi: 3 };
    return { quote, iv: null, ivSource: null, price: null, greeks, intrinsic: 0 };
  };
  const sides = fc.array(fc.tuple(maybe(fc.nat(3)), maybe(fc.nat(3))), { maxLength: 12 });

  test('is the sum over the options, with walls at the largest and zero gamma where the running sum changes sign', () => {
    fc.assert(
      fc.property(sides, (gammas) => {
        const rows = gammas.map(([call, put], index) => ({
          strike: 100 + 10 * index,
          call: call === null ? null : side('CE', 100 + 10 * index, call),
          put: put === null ? null : side('PE', 100 + 10 * index, put),
        }));
        const calls = gammas.map(([call]) => 3 * (call ?? 0));
        const puts = gammas.map(([, put]) => 3 * (put ?? 0));
        const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
        const wall = (values: readonly number[]) => {
          const most = Math.max(0, ...values);
          return most === 0 ? null : 100 + 10 * values.indexOf(most);
        };
        const running = calls.map((_, index) => sum(calls.slice(0, index + 1)) - sum(puts.slice(0, index + 1)));
        const signs = running.map((value, index) =>
          Math.sign(value || (running.slice(0, index).findLast(Boolean) ?? 0)),
        );
        const at = signs.findIndex((sign, index) => index > 0 && sign * (signs[index - 1] ?? 0) < 0);
        const [before = 0, after = 0] = [running[at - 1], running[at]];
        const exposure = gammaExposure(rows, 10, null);
        expect(exposure).toEqual({
          net: sum(calls) - sum(puts),
          call: sum(calls),
          put: sum(puts) === 0 ? expect.closeTo(0) : -sum(puts),
          callWall: wall(calls),
          putWall: wall(puts),
          zeroGamma: at < 0 ? null : 100 + 10 * (at - 1) + (10 * before) / (before - after),
        });
      }),
      { numRuns: 2000 },
    );
  });

  test('is in proportion to open interest, lot size and the square of the spot', () => {
    const rows = [{ strike: 100, call: side('CE', 100, 0.5), put: null }];
    expect(gammaExposure(rows, 200, 25).call).toBe(0.5 * 3 * 25 * 200 * 200 * 0.01);
  });
});
