import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeMarket, valueOption } from '../../../functions/processor/black-scholes.ts';
import { impliedVolatility, volatilityBounds } from '../../../functions/processor/implied-volatility.ts';
import { normalCdf } from '../../../functions/processor/normal.ts';

const inputs = fc.record({
  spot: fc.double({ min: 1, max: 1e5, noNaN: true }),
  /** Strike over spot. */
  ratio: fc.double({ min: 0.5, max: 2, noNaN: true }),
  years: fc.double({ min: 1e-4, max: 5, noNaN: true }),
  riskFree: fc.double({ min: -0.05, max: 0.2, noNaN: true }),
  dividendYield: fc.double({ min: -0.02, max: 0.1, noNaN: true }),
  sigma: fc.double({ min: 0.01, max: 3, noNaN: true }),
});

const runs = { numRuns: 2000 };

/** Rounding error of a difference of amounts of this size. */
const noise = (...amounts: number[]) => 1e-13 * Math.max(...amounts);

describe('Black-Scholes-Merton', () => {
  test('put-call parity, of the price and of each Greek', () => {
    fc.assert(
      fc.property(inputs, ({ spot, ratio, years, sigma, ...rates }) => {
        const market = makeMarket(spot, years, rates);
        const strike = spot * ratio;
        const call = valueOption(market, strike, true, sigma);
        const put = valueOption(market, strike, false, sigma);
        const carried = spot * Math.exp(-rates.dividendYield * years);
        const discounted = strike * Math.exp(-rates.riskFree * years);
        const allowed = noise(spot, strike, years * strike);
        expect(Math.abs(call.price - put.price - (carried - discounted))).toBeLessThanOrEqual(allowed);
        expect(Math.abs(call.delta - put.delta - carried / spot)).toBeLessThanOrEqual(1e-13);
        expect(call.gamma).toBe(put.gamma);
        expect(call.vega).toBe(put.vega);
        const decay = (rates.dividendYield * carried - rates.riskFree * discounted) / 365;
        expect(Math.abs(call.theta - put.theta - decay)).toBeLessThanOrEqual(allowed);
        expect(Math.abs(call.rho - put.rho - (years * discounted) / 100)).toBeLessThanOrEqual(allowed);
      }),
      runs,
    );
  });

  test('prices stay within the no-arbitrage bounds, delta within its own, gamma and vega at or above 0', () => {
    fc.assert(
      fc.property(inputs, fc.boolean(), ({ spot, ratio, years, sigma, ...rates }, isCall) => {
        const strike = spot * ratio;
        const { price, delta, gamma, vega } = valueOption(makeMarket(spot, years, rates), strike, isCall, sigma);
        const carried = spot * Math.exp(-rates.dividendYield * years);
        const discounted = strike * Math.exp(-rates.riskFree * years);
        const sign = isCall ? 1 : -1;
        const allowed = noise(spot, strike);
        expect(price).toBeGreaterThanOrEqual(Math.max(sign * (carried - discounted), 0) - allowed);
        expect(price).toBeLessThanOrEqual((isCall ? carried : discounted) + allowed);
        expect(sign * delta).toBeGreaterThanOrEqual(0);
        // The exponential that delta has may be a bit above the language's own, which is what it is held to here.
        expect(sign * delta).toBeLessThanOrEqual((carried / spot) * (1 + 4 * Number.EPSILON));
        expect(gamma).toBeGreaterThanOrEqual(0);
        expect(vega).toBeGreaterThanOrEqual(0);
      }),
      runs,
    );
  });

  test('calls rise and puts fall with the spot; both rise with volatility, and calls without dividends with time', () => {
    const growth = fc.double({ min: 1.0001, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(inputs, growth, ({ spot, ratio, years, sigma, ...rates }, up) => {
        const strike = spot * ratio;
        const price = (isCall: boolean, s: number, t: number, v: number, r = rates) =>
          valueOption(makeMarket(s, t, r), strike, isCall, v).price;
        const allowed = noise(spot * up, strike);
        expect(price(true, spot * up, years, sigma)).toBeGreaterThanOrEqual(price(true, spot, years, sigma) - allowed);
        expect(price(false, spot * up, years, sigma)).toBeLessThanOrEqual(price(false, spot, years, sigma) + allowed);
        for (const isCall of [true, false]) {
          const before = price(isCall, spot, years, sigma);
          expect(price(isCall, spot, years, sigma * up)).toBeGreaterThanOrEqual(before - allowed);
        }
        const noDividends = { riskFree: Math.abs(rates.riskFree), dividendYield: 0 };
        const later = price(true, spot, years * up, sigma, noDividends);
        expect(later).toBeGreaterThanOrEqual(price(true, spot, years, sigma, noDividends) - allowed);
      }),
      runs,
    );
  });

  test('a call is a put with spot and strike, and the two rates, exchanged', () => {
    fc.assert(
      fc.property(inputs, ({ spot, ratio, years, sigma, riskFree, dividendYield }) => {
        const strike = spot * ratio;
        const call = valueOption(makeMarket(spot, years, { riskFree, dividendYield }), strike, true, sigma);
        const exchanged = { riskFree: dividendYield, dividendYield: riskFree };
        const put = valueOption(makeMarket(strike, years, exchanged), spot, false, sigma);
        expect(Math.abs(call.price - put.price)).toBeLessThanOrEqual(noise(spot, strike));
      }),
      runs,
    );
  });

  test('Greeks are the slopes of the price', () => {
    const tame = { spot: 24105.5, strike: 24300, years: 0.05, sigma: 0.15, riskFree: 0.065, dividendYield: 0.012 };
    const price = (change: Partial<typeof tame>, isCall: boolean) => {
      const { spot, strike, years, sigma, ...rates } = { ...tame, ...change };
      return valueOption(makeMarket(spot, years, rates), strike, isCall, sigma);
    };
    const slope = (name: keyof typeof tame, step: number, isCall: boolean) =>
      (price({ [name]: tame[name] + step }, isCall).price - price({ [name]: tame[name] - step }, isCall).price) /
      (2 * step);
    for (const isCall of [true, false]) {
      const { delta, theta, vega, rho } = price({}, isCall);
      expect(delta).toBeCloseTo(slope('spot', 0.5, isCall), 6);
      expect(theta).toBeCloseTo(-slope('years', 1e-5, isCall) / 365, 4);
      expect(vega).toBeCloseTo(slope('sigma', 1e-5, isCall) / 100, 5);
      expect(rho).toBeCloseTo(slope('riskFree', 1e-5, isCall) / 100, 5);
    }
  });

  test('N is symmetric and rises', () => {
    const x = fc.double({ min: -40, max: 40, noNaN: true });
    fc.assert(
      fc.property(x, x, (a, b) => {
        expect(Math.abs(normalCdf(a) + normalCdf(-a) - 1)).toBeLessThanOrEqual(2e-16);
        if (a < b) expect(normalCdf(a)).toBeLessThanOrEqual(normalCdf(b) + 2e-16);
      }),
      runs,
    );
  });
});

describe('implied volatility', () => {
  test('the price of a volatility gives a volatility of that price', () => {
    fc.assert(
      fc.property(inputs, fc.boolean(), ({ spot, ratio, years, sigma, ...rates }, isCall) => {
        const market = makeMarket(spot, years, rates);
        const { price, vega } = valueOption(market, spot * ratio, isCall, sigma);
        const solved = impliedVolatility(market, spot * ratio, isCall, price);
        // Without any vega to speak of, the price does not know its volatility.
        if (solved === null) expect(vega).toBeLessThan(1e-9);
        else
          expect(Math.abs(valueOption(market, spot * ratio, isCall, solved).price - price)).toBeLessThanOrEqual(1e-8);
        if (vega > 1e-3 * spot) expect(solved).toBeCloseTo(sigma, 9);
      }),
      { numRuns: 5000 },
    );
  });

  test('any price gives null or a volatility in bounds that reprices it to 1e-8', () => {
    const share = fc.double({ min: -0.1, max: 1.1, noNaN: true });
    fc.assert(
      fc.property(inputs, share, fc.boolean(), ({ spot, ratio, years, ...rates }, part, isCall) => {
        const market = makeMarket(spot, years, rates);
        const strike = spot * ratio;
        const carried = spot * Math.exp(-rates.dividendYield * years);
        const discounted = strike * Math.exp(-rates.riskFree * years);
        const lower = Math.max(isCall ? carried - discounted : discounted - carried, 0);
        const upper = isCall ? carried : discounted;
        const price = lower + part * (upper - lower);
        const solved = impliedVolatility(market, strike, isCall, price);
        if (part < -1e-9 || part > 1 + 1e-9) expect(solved).toBeNull();
        const atMost = valueOption(market, strike, isCall, volatilityBounds.max).price;
        const atLeast = valueOption(market, strike, isCall, volatilityBounds.min).price;
        if (price > atLeast + 1e-6 && price < atMost - 1e-6) expect(solved).not.toBeNull();
        if (solved === null) return;
        expect(solved).toBeGreaterThanOrEqual(volatilityBounds.min * (1 - 1e-15));
        expect(solved).toBeLessThanOrEqual(volatilityBounds.max * (1 + 1e-15));
        expect(Math.abs(valueOption(market, strike, isCall, solved).price - price)).toBeLessThanOrEqual(1e-8);
      }),
      { numRuns: 5000 },
    );
  });

  test('the ends of the range themselves have a root', () => {
    const market = makeMarket(100, 1, { riskFree: 0, dividendYield: 0 });
    for (const sigma of [0.0001, 0.00010001, 9.9999, 10]) {
      const { price } = valueOption(market, 100, true, sigma);
      expect(impliedVolatility(market, 100, true, price)).toBeCloseTo(sigma, 9);
    }
    expect(impliedVolatility(market, 100, true, valueOption(market, 100, true, 0.000099).price)).toBeNull();
    expect(impliedVolatility(market, 100, true, valueOption(market, 100, true, 10.1).price)).toBeNull();
  });
});
