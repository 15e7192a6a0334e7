import { describe, expect, test } from 'vitest';
import { createMarket, type MarketMessage } from '../../../scripts/feed/market.ts';
import { contractProblems } from './validator.ts';

interface Option {
  strike: number;
  option_type: 'CE' | 'PE';
  ltp: number;
  bid?: number | null;
  ask?: number | null;
  volume: number;
  oi: number;
  iv?: number | null;
}

interface Snapshot {
  symbol_id: number;
  expiry: string;
  timestamp: string | number;
  spot: { ltp: number; change_pct?: number };
  futures?: { ltp: number; expiry: string };
  vix?: number;
  options: Option[];
}

const monday = Date.parse('2026-11-23T10:30:00+05:30');

/** `count` messages, `stepMs` apart. */
function messages(options: { symbols: number; contracts: number; seed?: number; count: number; stepMs?: number }) {
  const { count, stepMs = 20, seed = 7, ...rest } = options;
  const market = createMarket({ ...rest, seed });
  return Array.from({ length: count }, (_, index) => market.next(monday + index * stepMs));
}

function parse({ value }: MarketMessage): Snapshot {
  return JSON.parse(value);
}

/** The snapshots of one symbol, in order. */
function history(symbolId: number, all: readonly MarketMessage[]): Snapshot[] {
  return all.filter((message) => message.symbolId === symbolId).map(parse);
}

describe('a made-up market', () => {
  test('is the same bytes for the same seed and clock, and another market for another seed', () => {
    const options = { symbols: 20, contracts: 6, count: 200 };

    const values = messages(options).map(({ value }) => value);

    expect(messages(options).map(({ value }) => value)).toEqual(values);
    expect(messages({ ...options, seed: 8 })[0]?.value).not.toBe(values[0]);
  });

  test('keeps the wire contract, every field within what it may be', () => {
    const all = messages({ symbols: 120, contracts: 40, count: 1_200 });

    expect(all.flatMap(({ value }) => contractProblems(value))).toEqual([]);
    expect(all.every(({ value }) => /^[\x20-\x7e]+$/.test(value))).toBe(true);
  });

  test('gives every symbol its turn, under the key of its id', () => {
    const round = messages({ symbols: 30, contracts: 2, count: 30 });

    expect(new Set(round.map(({ symbolId }) => symbolId)).size).toBe(30);
    expect(round.every((message) => message.key.toString() === String(parse(message).symbol_id))).toBe(true);
    expect(round.map(({ symbolId }) => symbolId)).toEqual(expect.arrayContaining([13, 25, 27, 442, 51, 69]));
  });

  test('gives no two snapshots of a symbol the same time, however fast they are made', () => {
    const times = messages({ symbols: 3, contracts: 2, count: 300, stepMs: 0 }).map(({ symbolId, value }) => {
      const { timestamp } = JSON.parse(value) as Snapshot;
      return `${symbolId} ${typeof timestamp === 'number' ? timestamp : Date.parse(timestamp)}`;
    });
    expect(new Set(times).size).toBe(300);
  });

  test.each([2, 40, 2_000])('lists %i contracts: a call and a put at even strikes around the spot', (contracts) => {
    for (const snapshot of messages({ symbols: 8, contracts, count: 8 }).map(parse)) {
      const strikes = [...new Set(snapshot.options.map(({ strike }) => strike))];
      const gaps = strikes.slice(1).map((strike, index) => strike - (strikes[index] ?? 0));

      expect(snapshot.options).toHaveLength(contracts);
      expect(strikes).toHaveLength(contracts / 2);
      expect(snapshot.options.map(({ option_type }) => option_type).join('')).toBe('CEPE'.repeat(contracts / 2));
      expect(new Set(gaps).size).toBeLessThanOrEqual(1);
      expect(Math.min(...gaps, 1)).toBeGreaterThan(0);
      const reach = gaps[0] ?? snapshot.spot.ltp * 0.02;
      expect((strikes[0] ?? 0) - reach).toBeLessThan(snapshot.spot.ltp);
      expect((strikes.at(-1) ?? 0) + reach).toBeGreaterThan(snapshot.spot.ltp);
    }
  });

  test('has a smile: puts below the spot dearer than calls above it, both dearer than at the money', () => {
    const [nifty] = history(13, messages({ symbols: 6, contracts: 80, count: 6 }));
    const iv = (moneyness: number) => {
      const target = (nifty?.spot.ltp ?? 0) * moneyness;
      const quoted = (nifty?.options ?? []).filter(({ iv }) => iv);
      quoted.sort((left, right) => Math.abs(left.strike - target) - Math.abs(right.strike - target));
      return quoted[0]?.iv ?? Number.NaN;
    };

    expect(iv(0.965)).toBeGreaterThan(iv(0.985));
    expect(iv(0.985)).toBeGreaterThan(iv(1));
    expect(iv(1.035)).toBeGreaterThan(iv(1.005));
    expect(iv(0.965)).toBeGreaterThan(iv(1.035));
    expect(iv(1)).toBeGreaterThan(8);
    expect(iv(1)).toBeLessThan(25);
  });

  test('quotes in ticks of 0.05, the bid below the ask, and prices that fall with the strike of a call', () => {
    const snapshots = messages({ symbols: 6, contracts: 40, count: 60 }).map(parse);
    for (const { options } of snapshots) {
      for (const { ltp, bid, ask } of options) {
        for (const price of [ltp, bid ?? 0, ask ?? 0])
          expect(Math.abs(price * 20 - Math.round(price * 20))).toBeLessThan(1e-6);
        if (typeof bid === 'number' && typeof ask === 'number') expect(bid).toBeLessThan(ask);
      }
      const asks = options.flatMap((one) => (one.option_type === 'CE' && one.ask ? [mid(one)] : []));
      const narrow = asks.filter((price) => price > 20);
      expect(narrow).toEqual(narrow.toSorted((left, right) => right - left));
    }
  });

  test('keeps call less put at spot less discounted strike', () => {
    const [nifty] = history(13, messages({ symbols: 6, contracts: 10, count: 6 }));
    const { options = [], spot } = nifty ?? {};
    let compared = 0;
    for (let index = 0; index < options.length; index += 2) {
      const [call, put] = [options[index], options[index + 1]];
      if (!call?.ask || !put?.ask || call.ask / mid(call) > 1.05 || put.ask / mid(put) > 1.05) continue;
      compared++;
      // A day and some hours at 6.5 % are 5 points of a strike of 24,100.
      expect(mid(call) - mid(put)).toBeCloseTo(
        (spot?.ltp ?? 0) - call.strike * Math.exp((-0.065 * 29) / 24 / 365),
        -0.7,
      );
    }
    expect(compared).toBeGreaterThan(2);
  });

  test('only ever adds to volume within a day, and moves open interest one way', () => {
    const nifty = history(13, messages({ symbols: 6, contracts: 8, count: 1_800 }));
    const series = new Map<string, Option[]>();
    for (const { options } of nifty) {
      for (const option of options) {
        const name = `${option.strike} ${option.option_type}`;
        series.set(name, [...(series.get(name) ?? []), option]);
      }
    }
    const steps = [...series.values()].map((options) =>
      options.slice(1).map((option, index) => ({
        volume: option.volume - (options[index]?.volume ?? 0),
        oi: option.oi - (options[index]?.oi ?? 0),
      })),
    );

    expect(steps.flat().every(({ volume }) => volume >= 0)).toBe(true);
    expect(steps.flat().some(({ volume }) => volume > 0)).toBe(true);
    for (const moves of steps) {
      expect(moves.every(({ oi }) => oi >= 0) || moves.every(({ oi }) => oi <= 0)).toBe(true);
    }
    expect(steps.some((moves) => moves.some(({ oi }) => oi > 0))).toBe(true);
  });

  test('moves about as much as its volatility says, in spells', () => {
    const nifty = history(13, messages({ symbols: 6, contracts: 2, count: 30_000, stepMs: 1_000 / 6 }));
    const returns = nifty.slice(1).map(({ spot }, index) => Math.log(spot.ltp / (nifty[index]?.spot.ltp ?? 1)));
    const squares = returns.map((value) => value * value);
    const yearly = Math.sqrt(mean(squares) * 252 * 22_500);

    expect(yearly).toBeGreaterThan(0.08);
    expect(yearly).toBeLessThan(0.2);
    expect(correlation(squares.slice(0, -5), squares.slice(5))).toBeGreaterThan(0.05);
  });

  test('leaves out what real feeds leave out, now and then', () => {
    const all = messages({ symbols: 200, contracts: 20, count: 1_000 }).map(parse);
    const options = all.flatMap((snapshot) => snapshot.options);
    const share = (count: number, of: number) => count / of;

    expect(share(options.filter(({ iv }) => !iv).length, options.length)).toBeGreaterThan(0.01);
    expect(share(options.filter(({ iv }) => !iv).length, options.length)).toBeLessThan(0.06);
    expect(options.some(({ bid, ask }) => bid === null && ask === null)).toBe(true);
    expect(options.some(({ bid, ask }) => bid && ask && ask - bid > 0.2 * ((bid + ask) / 2))).toBe(true);
    expect(all.some(({ futures }) => !futures)).toBe(true);
    expect(all.some(({ vix }) => vix === undefined)).toBe(true);
    expect(all.some(({ timestamp }) => typeof timestamp === 'number')).toBe(true);
    expect(all.some(({ timestamp }) => timestamp === '2026-11-23T10:30:00.020+05:30')).toBe(true);
  });

  test('rolls to the next weekly expiry at 15:30 in India on the day, with a new chain', () => {
    const market = createMarket({ symbols: 1, contracts: 4, seed: 1 });
    const at = (time: string): Snapshot => parse(market.next(Date.parse(`${time}+05:30`)));

    expect(at('2026-11-23T15:00:00').expiry).toBe('2026-11-24');
    expect(at('2026-11-24T15:29:59').expiry).toBe('2026-11-24');
    const rolled = at('2026-11-24T15:30:00');
    expect(rolled.expiry).toBe('2026-12-01');
    expect(rolled.futures?.expiry).toBe('2026-12-29');
    expect(Math.min(...rolled.options.map(({ ltp }) => ltp))).toBeGreaterThan(10);
  });
});

function mid({ bid, ask }: Option): number {
  return ((bid ?? 0) + (ask ?? 0)) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function correlation(left: readonly number[], right: readonly number[]): number {
  const [a, b] = [mean(left), mean(right)];
  const covariance = mean(left.map((value, index) => (value - a) * ((right[index] ?? 0) - b)));
  const deviation = (values: readonly number[], m: number) => Math.sqrt(mean(values.map((value) => (value - m) ** 2)));
  return covariance / deviation(left, a) / deviation(right, b);
}
