import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeMarket, type Valuation, valueOption } from '../../../functions/processor/black-scholes.ts';
import { normalCdf, normalDensity } from '../../../functions/processor/normal.ts';

type Row = Record<'spot' | 'strike' | 'years' | 'riskFree' | 'dividendYield' | 'sigma', number> &
  Record<'call' | 'put', Record<keyof Valuation, string>>;

interface Tables {
  readonly normal: readonly (readonly [number, string, string])[];
  readonly values: readonly Row[];
}

const fixture = new URL('../../fixtures/processor/tables.json', import.meta.url);
const tables: Tables = JSON.parse(readFileSync(fixture, 'utf8'));

describe('the normal distribution, from -38 to 38', () => {
  test('N(x) is good to 2e-16 absolute, and to 1e-12 of itself in the tail', () => {
    for (const [x, cdf] of tables.normal) {
      expect(Math.abs(normalCdf(x) - Number(cdf)), `N(${x})`).toBeLessThanOrEqual(2e-16);
      if (x > -37) expect(Math.abs(normalCdf(x) / Number(cdf) - 1), `N(${x})`).toBeLessThanOrEqual(1e-12);
    }
  });

  test('n(x) is good to 1e-16 absolute', () => {
    for (const [x, , density] of tables.normal) {
      expect(Math.abs(normalDensity(x) - Number(density)), `n(${x})`).toBeLessThanOrEqual(1e-16);
    }
  });

  test('the ends are 0 and 1', () => {
    expect([normalCdf(-Infinity), normalCdf(Infinity), normalDensity(Infinity)]).toEqual([0, 1, 0]);
  });
});

describe('prices and Greeks', () => {
  test.each(tables.values)('spot $spot, strike $strike, $years years, sigma $sigma', (row) => {
    const market = makeMarket(row.spot, row.years, row);
    for (const side of ['call', 'put'] as const) {
      const value = valueOption(market, row.strike, side === 'call', row.sigma);
      for (const [name, expected] of Object.entries(row[side])) {
        const actual = value[name as keyof Valuation];
        // Of the size of what they are a difference of: spot and strike for a price.
        const scale = name === 'delta' ? 1 : name === 'gamma' ? 1e-3 + Number(expected) : row.spot + row.strike;
        expect(Math.abs(actual - Number(expected)), `${name} of the ${side}`).toBeLessThanOrEqual(1e-12 * scale);
      }
    }
  });
});
