import { char } from './input.ts';
import { out } from './output.ts';

/** Digits as bytes, four at a time. Each function writes at an offset and returns the one behind. */

const fours = 10_000;
const asciiZeros = 0x30303030;
const nullWord = 0x6c6c756e;
/** Whole numbers of 32 bits, and units that may be one up after rounding, are below. */
export const mostUnits = 2 ** 31 - 2;

/** The four digits of 0 to 9,999 in the four bytes of a number, the first in the lowest; all divisions by shifts. */
function fourDigits(number: number): number {
  const hundreds = (number * 5243) >> 19;
  const pairs = hundreds | ((number - hundreds * 100) << 16);
  const tens = ((pairs * 103) >> 10) & 0x000f000f;
  return tens | ((pairs - tens * 10) << 8);
}

export function putNull(at: number): number {
  out.setInt32(at, nullWord, true);
  return at + 4;
}

export function putMinus(at: number, isNegative: boolean): number {
  out.setUint8(at, char.minus);
  return isNegative ? at + 1 : at;
}

/** A whole number of 0 to 2^31. */
export function putWhole(at: number, whole: number): number {
  if (whole < fours) {
    const digits = fourDigits(whole);
    // The last digit stays, whatever it is.
    const kept = digits | 0x01000000;
    const zeros = (31 - Math.clz32(kept & -kept)) >> 3;
    out.setInt32(at, (digits + asciiZeros) >>> (zeros << 3), true);
    return at + 4 - zeros;
  }
  const upper = (whole / fours) | 0;
  return putFour(putWhole(at, upper), (whole - upper * fours) | 0);
}

function putFour(at: number, number: number): number {
  out.setInt32(at, fourDigits(number) + asciiZeros, true);
  return at + 4;
}

/** A whole number of up to 15 digits. */
export function putLargeWhole(at: number, whole: number): number {
  if (whole < mostUnits) return putWhole(at, whole | 0);
  const upper = Math.floor(whole / 1e8);
  const lower = (whole - upper * 1e8) | 0;
  const middle = (lower / fours) | 0;
  const end = putWhole(at, upper | 0);
  return putFour(putFour(end, middle), (lower - middle * fours) | 0);
}

/** Units of the fourth decimal. */
export function putUnits(at: number, units: number): number {
  const whole = (units / fours) | 0;
  return putFraction4(putWhole(at, whole), (units - whole * fours) | 0);
}

/** A fraction of four digits with its point, without its last zeros; nothing for 0. */
export function putFraction4(at: number, fraction: number): number {
  const digits = fourDigits(fraction);
  out.setUint8(at, char.point);
  out.setInt32(at + 1, digits + asciiZeros, true);
  return digits === 0 ? at : at + 5 - (Math.clz32(digits) >> 3);
}

/** The same of eight digits. */
export function putFraction8(at: number, fraction: number): number {
  const upper = (fraction / fours) | 0;
  const lower = (fraction - upper * fours) | 0;
  if (lower === 0) return putFraction4(at, upper);
  const end = putFraction4(at + 4, lower);
  out.setUint8(at, char.point);
  putFour(at + 1, upper);
  return end;
}

/** 1 to 99 units of the eighth decimal. */
export function putTiny(at: number, units: number): number {
  const tens = (units / 10) | 0;
  const ones = units - 10 * tens;
  if (tens === 0 || ones === 0) {
    out.setUint8(at, char.zero + tens + ones);
    return putExponent(at + 1, tens === 0 ? 8 : 7);
  }
  out.setUint8(at, char.zero + tens);
  out.setUint8(at + 1, char.point);
  out.setUint8(at + 2, char.zero + ones);
  return putExponent(at + 3, 7);
}

function putExponent(at: number, power: number): number {
  out.setUint8(at, 0x65);
  out.setUint8(at + 1, char.minus);
  out.setUint8(at + 2, char.zero + power);
  return at + 3;
}
