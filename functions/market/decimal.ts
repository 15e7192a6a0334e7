/**
 * Arithmetic on the decimal values that prices are. 20000.07 - 20000 is 0.0699999999982538 in doubles, enough to break
 * a tie the wrong way, or to round 4.5 ticks down. Prices, strikes and volatilities have few decimals: counted in
 * millionths they are whole numbers, whose sums and differences are exact, and one division rounds once.
 */

const millionths = 1e6;
/** Up to here multiples of 20 of two counts still add up exactly (below 2^53). */
const largestCount = 1e14;

/** How many millionths a value is, when that is a whole number that doubles can count with; else `NaN`. */
export function countMillionths(value: number): number {
  const count = Math.round(value * millionths);
  return count / millionths === value && count < largestCount && count > -largestCount ? count : Number.NaN;
}

/** a - b, exact to the last digit when both have at most six decimals; else the difference of the doubles. */
export function subtract(a: number, b: number): number {
  // Whole numbers of 32 bits: exact as they are.
  if ((a | 0) === a && (b | 0) === b) return a - b;
  const exact = countMillionths(a) - countMillionths(b);
  return Number.isNaN(exact) ? a - b : exact / millionths;
}

/** (a + b) / 2, likewise. */
export function mean(a: number, b: number): number {
  const exact = countMillionths(a) + countMillionths(b);
  return Number.isNaN(exact) ? a / 2 + b / 2 : exact / (2 * millionths);
}

/** value x percent / 100 for a whole `percent`, likewise. */
export function percentOf(value: number, percent: number): number {
  const exact = countMillionths(value) * percent;
  return Number.isNaN(exact) ? (value / 100) * percent : exact / (100 * millionths);
}

/** 100 x (a - b) / b, likewise. */
export function percentAbove(a: number, b: number): number {
  const base = countMillionths(b);
  const exact = 100 * (countMillionths(a) - base);
  return Number.isNaN(exact) ? (100 * (a - b)) / b : exact / base;
}
