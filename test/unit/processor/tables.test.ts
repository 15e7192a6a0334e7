import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeMarket, type Valuation, valueOption } from '../../../functions/processor/black-scholes.ts';
import { exp, expMinusOne, ln, lnOnePlus } from '../../../functions/processor/elementary.ts';
import { densityFrom, normalCdf } from '../../../functions/processor/normal.ts';

const functions = { exp, ln, expMinusOne, lnOnePlus };

type Row = Record<'spot' | 'strike' | 'years' | 'riskFree' | 'dividendYield' | 'sigma', number> &
  Record<'call' | 'put', Record<keyof Valuation, string>>;

interface Tables {
  readonly elementary: Record<keyof typeof functions, readonly (readonly [number, string])[]>;
  readonly normal: readonly (readonly [number, string, string])[];
  readonly values: readonly Row[];
}

const fixture = new URL('../../fixtures/processor/tables.json', import.meta.url);
const tables: Tables = JSON.parse(readFileSync(fixture, 'utf8'));

describe('exp and ln', () => {
  test.each(['exp', 'ln', 'expMinusOne', 'lnOnePlus'] as const)('%s is good to the last places', (name) => {
    // A unit in the last place is 2.2e-16 at most; of subnormal numbers it is 5e-324.
    const units = name === 'exp' || name === 'ln' ? 1 : 4;
    for (const [x, text] of tables.elementary[name]) {
      const allowed = units * Math.max(2.3e-16 * Math.abs(Number(text)), 5e-324);
      expect(Math.abs(functions[name](x) - Number(text)), `${name}(${x})`).toBeLessThanOrEqual(allowed);
    }
  });

  test('at the ends', () => {
    expect([exp(-746), exp(-Infinity), exp(710), exp(Infinity), exp(Number.NaN)]).toEqual([
      0,
      0,
      Infinity,
      Infinity,
      NaN,
    ]);
    expect([ln(0), ln(-1), ln(Infinity), ln(Number.NaN)]).toEqual([-Infinity, NaN, Infinity, NaN]);
    expect([expMinusOne(-800), expMinusOne(800), lnOnePlus(-1), lnOnePlus(-2)]).toEqual([-1, Infinity, -Infinity, NaN]);
  });

  test('nothing else is used whose last bit the language leaves to the engine', () => {
    const folder = new URL('../../../functions/processor/', import.meta.url);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const used = files.flatMap((file) => {
      const code = readFileSync(new URL(file, folder), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      return [...code.matchAll(/Math\.(\w+)/g)].map(([, name]) => name);
    });
    const exact = new Set([
      'abs',
      'clz32',
      'floor',
      'max',
      'min',
      'round',
      'sign',
      'sqrt',
      'LOG2E',
      'SQRT2',
      'SQRT1_2',
    ]);
    expect(used.filter((name) => !exact.has(name ?? ''))).toEqual([]);
  });
});

describe('the normal distribution, from -38 to 38', () => {
  test('N(x) is good to 2e-16 absolute, and to 1e-12 of itself in the tail', () => {
    for (const [x, cdf] of tables.normal) {
      expect(Math.abs(normalCdf(x) - Number(cdf)), `N(${x})`).toBeLessThanOrEqual(2e-16);
      if (x > -37) expect(Math.abs(normalCdf(x) / Number(cdf) - 1), `N(${x})`).toBeLessThanOrEqual(1e-12);
    }
  });

  test('n(x) is good to 1e-16 absolute', () => {
    for (const [x, , density] of tables.normal) {
      expect(Math.abs(densityFrom(exp(-0.5 * x * x)) - Number(density)), `n(${x})`).toBeLessThanOrEqual(1e-16);
    }
  });

  test('the ends are 0 and 1', () => {
    expect([normalCdf(-Infinity), normalCdf(Infinity), densityFrom(exp(-Infinity))]).toEqual([0, 1, 0]);
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
