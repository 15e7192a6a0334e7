import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countMillionths, mean, percentAbove, percentOf, subtract } from '../../../functions/market/decimal.ts';
import { type Digits, roundDecimal } from '../../../functions/market/rounding.ts';

/** Half away from zero on the decimal digits of the number's text, in whole numbers of any size. */
function roundExactly(value: number, digits: number): number {
  const [, sign = '', whole = '0', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  const coefficient = BigInt(whole + fraction);
  const shift = Number(exponent) - fraction.length + digits;
  const divisor = shift < 0 ? 10n ** BigInt(-shift) : 1n;
  const scaled = shift < 0 ? (2n * coefficient + divisor) / (2n * divisor) : coefficient * 10n ** BigInt(shift);
  return scaled === 0n ? 0 : Number(`${sign}${scaled}e-${digits}`);
}

const digits = fc.constantFrom<Digits[]>(2, 4, 6, 8);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
/** Decimals with one digit more than is kept, ending in 5: ties, all of them. */
const ties = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), digits)
  .map(([units, kept]) => ({ value: Number(`${units}5e-${kept + 1}`), kept }));

/** The next double up or down. */
function neighbour(value: number, steps: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + steps);
  return view.getFloat64(0);
}

describe('rounding half away from zero on the decimal value', () => {
  test.each<[number, Digits, number]>([
    [1.00005, 4, 1.0001],
    [-1.00005, 4, -1.0001],
    [1.005, 2, 1.01],
    [8.345, 2, 8.35],
    [1.0000499999999999, 4, 1],
    [0.00005, 4, 0.0001],
    [0.000049999999999999996, 4, 0],
    [5e-9, 8, 1e-8],
    [4.9e-324, 8, 0],
    [-0.00001, 4, 0],
    [-0, 2, 0],
    [999999999999.995, 2, 1e12],
    [5e12 + 0.005, 2, 5e12 + 0.01],
    [5e12 + 0.004, 2, 5e12],
    [2 ** 53 + 2, 2, 2 ** 53 + 2],
    [1e300, 4, 1e300],
    [Number.MAX_VALUE, 8, Number.MAX_VALUE],
  ])('%d to %d digits is %d', (value, kept, expected) => {
    expect(roundDecimal(value, kept)).toBe(expected);
  });

  test('any double', () => {
    fc.assert(
      fc.property(finite, digits, (value, kept) => {
        expect(roundDecimal(value, kept)).toBe(roundExactly(value, kept));
      }),
      { numRuns: 5000 },
    );
  });

  test('values of every size that is met', () => {
    const met = fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -12, max: 20 }));
    fc.assert(
      fc.property(met, digits, ([part, power], kept) => {
        const value = part * 10 ** power;
        expect(roundDecimal(value, kept)).toBe(roundExactly(value, kept));
      }),
      { numRuns: 5000 },
    );
  });

  test('ties, and the doubles on either side of them', () => {
    fc.assert(
      fc.property(ties, fc.constantFrom(-2n, -1n, 0n, 1n, 2n), ({ value, kept }, steps) => {
        const near = neighbour(value, steps);
        expect(roundDecimal(near, kept)).toBe(roundExactly(near, kept));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('arithmetic on decimals', () => {
  const decimal = fc
    .tuple(fc.integer({ min: -(10 ** 13), max: 10 ** 13 }), fc.integer({ min: 0, max: 6 }))
    .map(([units, places]) => ({
      value: Number(`${units}e-${places}`),
      millionths: BigInt(units) * 10n ** BigInt(6 - places),
    }))
    .filter(({ millionths }) => millionths < 10n ** 14n && millionths > -(10n ** 14n));

  /** The double nearest to a quotient of whole numbers: 30 digits, then the parser rounds once. */
  const quotient = (a: bigint, b: bigint): number => Number(`${(a * 10n ** 30n) / b}e-30`);

  test('differences, means and percentages are the doubles nearest to the exact result', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(subtract(a.value, b.value)).toBe(quotient(a.millionths - b.millionths, 10n ** 6n));
        expect(mean(a.value, b.value)).toBe(quotient(a.millionths + b.millionths, 2n * 10n ** 6n));
      }),
    );
  });

  test.each([
    [percentAbove(20000.01, 20000), 0.00005],
    [percentAbove(20000.07, 20000), 0.00035],
    [percentOf(24105.55, 95), 22900.2725],
    [subtract(100.15, 100.1), 0.05],
    [mean(12.4001, 12.4), 12.40005],
  ])('%d is %d', (actual, expected) => {
    expect(actual).toBe(expected);
  });

  test('more than six decimals, or too large, falls back on doubles', () => {
    expect(countMillionths(0.1234567)).toBeNaN();
    expect(countMillionths(1e9)).toBeNaN();
    expect(subtract(0.1234567, 0.1)).toBe(0.1234567 - 0.1);
    expect(mean(1e308, 1.5e308)).toBe(1.25e308);
    expect(percentAbove(3e300, 2e300)).toBe((100 * 1e300) / 2e300);
  });
});
