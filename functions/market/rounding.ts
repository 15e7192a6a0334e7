/**
 * Rounding half away from zero on the decimal value: that of the shortest text which reads back as the same double, the
 * one that JSON shows. 1.00005 rounds to 1.0001 although its double lies below the tie.
 *
 * | class                                       | digits |
 * | ------------------------------------------- | ------ |
 * | money and price levels                      | 4      |
 * | implied volatility, percentages, PCR ratios | 4      |
 * | theta, vega, rho                            | 4      |
 * | derived quantities (totals, oi_change)      | 4      |
 * | delta, days                                 | 6      |
 * | gamma                                       | 8      |
 * | exposures                                   | 2      |
 *
 * Values that are passed on (strikes among them) are never rounded.
 */
export const digitsOf = {
  money: 4,
  percent: 4,
  ratio: 4,
  quantity: 4,
  sensitivity: 4,
  delta: 6,
  days: 6,
  gamma: 8,
  exposure: 2,
} as const;

/** 2, 4, 6 or 8 decimals. */
export type Digits = (typeof digitsOf)[keyof typeof digitsOf];

/** Ten to the power of `digits`. */
export function scaleOf(digits: Digits): number {
  return digits === 4 ? 1e4 : digits === 6 ? 1e6 : digits === 8 ? 1e8 : 1e2;
}

/**
 * Below this many units the tie is the double next to its decimal: doubles lie closer together than the decimals of one
 * digit more than is asked for, and those have at most 15 digits.
 */
const largestUnits = 1e14;

/**
 * The rounded magnitude of a finite value in units of the last digit, a whole number; `NaN` when it is too large to be
 * counted so, and {@link roundDecimal} must do it on the text.
 *
 * Dividing two exact whole numbers gives the double nearest to the tie, and decimals of different doubles are in the
 * order of their doubles: one comparison decides as exact decimals would.
 */
export function roundedUnits(magnitude: number, scale: number): number {
  const below = Math.floor(magnitude * scale);
  if (!(below < largestUnits)) return Number.NaN;
  return magnitude >= (2 * below + 1) / (2 * scale) ? below + 1 : below;
}

/** A finite value rounded half away from zero on its decimal value; never -0. */
export function roundDecimal(value: number, digits: Digits): number {
  const magnitude = Math.abs(value);
  const scale = scaleOf(digits);
  const units = roundedUnits(magnitude, scale);
  const rounded = Number.isNaN(units) ? roundText(magnitude, digits) : units / scale;
  return value < 0 && rounded > 0 ? -rounded : rounded;
}

function roundText(magnitude: number, digits: Digits): number {
  if (magnitude >= 2 ** 53) return magnitude;
  const [whole = '0', fraction = ''] = String(magnitude).split('.');
  if (fraction.length <= digits) return magnitude;
  const kept = BigInt(whole + fraction.slice(0, digits)) + (fraction.charAt(digits) >= '5' ? 1n : 0n);
  return Number(`${kept}e-${digits}`);
}
