import { bytes, nowhere, words } from './input.ts';

/**
 * Decimal numbers, exactly: a mantissa of at most 15 digits over a power of ten of at most 15, both whole, divides into the
 * nearest double, which is what JSON.parse gives. Others of up to 40 characters are read by Number; what is longer is left
 * to the plain path.
 */
const powersOfTen = Float64Array.from({ length: 16 }, (_, power) => Number(`1e${power}`));
const mostDigits = 15;
const longest = 40;
const nullWord = 0x6c6c756e;
const zero = 0x30;
const plus = 0x2b;
const minus = 0x2d;
const point = 0x2e;
const letterE = 0x65;
const lowerCase = 0x20;

/** The number that was read last; NaN stands for null. */
export const last = new Float64Array(1);

/** Reads a number or null. Returns the offset behind it; nowhere when there is something else. */
export function readNumber(start: number): number {
  const isNegative = bytes[start] === minus;
  const from = isNegative ? start + 1 : start;
  let at = from;
  let mantissa = 0;
  let digit = (bytes[at] ?? 0) - zero;
  while (digit >= 0 && digit <= 9) {
    mantissa = mantissa * 10 + digit;
    at += 1;
    digit = (bytes[at] ?? 0) - zero;
  }
  let digits = at - from;
  if (digits === 0) {
    last[0] = Number.NaN;
    return !isNegative && words.getInt32(start, true) === nullWord ? start + 4 : nowhere;
  }
  // No JSON: it is refused on the plain path.
  if (bytes[from] === zero && digits > 1) return nowhere;
  let decimals = 0;
  if (bytes[at] === point) {
    const behind = at + 1;
    at = behind;
    digit = (bytes[at] ?? 0) - zero;
    while (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      at += 1;
      digit = (bytes[at] ?? 0) - zero;
    }
    decimals = at - behind;
    if (decimals === 0) return nowhere;
    digits += decimals;
  }
  // Small gammas have an exponent, and the exposures of a large chain more digits.
  if (digits > mostDigits || ((bytes[at] ?? 0) | lowerCase) === letterE) return readOdd(start, at);
  if (decimals > 0) mantissa /= powersOfTen[decimals] as number;
  last[0] = isNegative ? -mantissa : mantissa;
  return at;
}

/** Reads a number again that has many digits, or an exponent at `at`. */
function readOdd(start: number, at: number): number {
  let end = at;
  if (((bytes[end] ?? 0) | lowerCase) === letterE) {
    end += bytes[end + 1] === plus || bytes[end + 1] === minus ? 2 : 1;
    const first = end;
    while ((bytes[end] ?? 0) >= zero && (bytes[end] ?? 0) <= zero + 9) end += 1;
    if (end === first) return nowhere;
  }
  if (end - start > longest) return nowhere;
  const value = Number(String.fromCharCode(...bytes.subarray(start, end)));
  last[0] = value;
  return Number.isFinite(value) ? end : nowhere;
}
