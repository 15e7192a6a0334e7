import { type Digits, roundDecimal } from '../rounding.ts';
import { char } from './input.ts';
import { out, putAscii } from './output.ts';

/** Numbers as JSON.stringify writes them, four digits at a time. NaN and infinities are null. */

const fours = 10_000;
const asciiZeros = 0x30303030;

/** The four digits of 0 to 9,999 in the four bytes of a number, the first in the lowest; all divisions by shifts. */
function fourDigits(number: number): number {
  const hundreds = (number * 5243) >> 19;
  const pairs = hundreds | ((number - hundreds * 100) << 16);
  const tens = ((pairs * 103) >> 10) & 0x000f000f;
  return tens | ((pairs - tens * 10) << 8);
}

const nullWord = 0x6c6c756e;
/** Units above this do not fit 32 bits. */
const mostUnits = 2 ** 31 - 2;
/** Whole numbers below have at most 15 digits, which every double keeps. */
const mostExact = 1e15;
/** By how much the doubles of up to 2^31 units may be off, with plenty to spare. */
const doubt = 1e-6;

function putNull(at: number): number {
  out.setInt32(at, nullWord, true);
  return at + 4;
}

/** A whole number of 0 to 2^31. */
function putWhole(at: number, whole: number): number {
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

/** Units of the fourth decimal. */
function putUnits(at: number, units: number): number {
  const whole = (units / fours) | 0;
  return putFraction4(putWhole(at, whole), (units - whole * fours) | 0);
}

/** A fraction of four digits with its point, without its last zeros; nothing for 0. */
function putFraction4(at: number, fraction: number): number {
  const digits = fourDigits(fraction);
  out.setUint8(at, char.point);
  out.setInt32(at + 1, digits + asciiZeros, true);
  return digits === 0 ? at : at + 5 - (Math.clz32(digits) >> 3);
}

function putMinus(at: number, isNegative: boolean): number {
  out.setUint8(at, char.minus);
  return isNegative ? at + 1 : at;
}

/** A value that is passed on, with all its digits. */
export function putGiven(at: number, value: number): number {
  const magnitude = Math.abs(value);
  const scaled = magnitude * fours;
  if (scaled < mostUnits) {
    // Four decimals hold nearly every price: if dividing gives the value back, its shortest text has no more digits.
    const units = (scaled + 0.5) | 0;
    if (units / fours === magnitude) return putUnits(putMinus(at, value < 0), units);
  } else if (magnitude < mostUnits && magnitude === (magnitude | 0))
    return putWhole(putMinus(at, value < 0), magnitude | 0);
  return Number.isFinite(value) ? putAscii(at, String(value)) : putNull(at);
}

/** The nearest whole number of units to a value, half away from zero as roundedUnits has it; below 2^31 only. */
function roundUnits(magnitude: number, scale: number): number {
  const scaled = magnitude * scale;
  const below = scaled | 0;
  const rest = scaled - below;
  if (rest < 0.5 - doubt) return below;
  if (rest > 0.5 + doubt || magnitude >= (2 * below + 1) / (2 * scale)) return (below + 1) | 0;
  return below;
}

/** A value rounded to four decimals. */
export function putRounded4(at: number, value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude * 1e4 < mostUnits)) return putLarge(at, value, 4);
  const units = roundUnits(magnitude, 1e4);
  return putUnits(putMinus(at, value < 0 && units > 0), units);
}

/** A value rounded to six decimals. */
export function putRounded6(at: number, value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude * 1e6 < mostUnits)) return putLarge(at, value, 6);
  const units = roundUnits(magnitude, 1e6);
  const whole = (units / 1e6) | 0;
  return putFraction8(putWhole(putMinus(at, value < 0 && units > 0), whole), ((units - whole * 1e6) * 100) | 0);
}

/** A value rounded to eight decimals. Below 1e-6 JavaScript writes an exponent. */
export function putRounded8(at: number, value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude * 1e8 < mostUnits)) return putLarge(at, value, 8);
  const units = roundUnits(magnitude, 1e8);
  if (units < 100 && units > 0) return putTiny(putMinus(at, value < 0), units);
  const whole = (units / 1e8) | 0;
  return putFraction8(putWhole(putMinus(at, value < 0 && units > 0), whole), (units - whole * 1e8) | 0);
}

/** The same of eight digits. */
function putFraction8(at: number, fraction: number): number {
  const upper = (fraction / fours) | 0;
  const lower = (fraction - upper * fours) | 0;
  if (lower === 0) return putFraction4(at, upper);
  const end = putFraction4(at + 4, lower);
  out.setUint8(at, char.point);
  putFour(at + 1, upper);
  return end;
}

/** 1 to 99 units of the eighth decimal. */
function putTiny(at: number, units: number): number {
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

/** What does not fit 32 bits, or is no number. */
function putLarge(at: number, value: number, digits: Digits): number {
  if (!Number.isFinite(value)) return putNull(at);
  const magnitude = Math.abs(value);
  if (magnitude < mostExact && magnitude === Math.floor(magnitude))
    return putLargeWhole(putMinus(at, value < 0), magnitude);
  return putAscii(at, String(roundDecimal(value, digits)));
}

/** A whole number of up to 15 digits. */
function putLargeWhole(at: number, whole: number): number {
  if (whole < mostUnits) return putWhole(at, whole | 0);
  const upper = Math.floor(whole / 1e8);
  const lower = (whole - upper * 1e8) | 0;
  const middle = (lower / fours) | 0;
  const end = putWhole(at, upper | 0);
  return putFour(putFour(end, middle), (lower - middle * fours) | 0);
}

/** Below 2^46 doubles lie closer together than hundredths: each of those is the shortest text of its double. */
const mostHundredths = 2 ** 46;

/**
 * A value rounded to two decimals, as exposures are: the largest values there are, with 15 digits and more. The value's
 * shortest text is at most half a unit in the last place away from it: only where that could matter to the rounding is
 * the text itself made.
 */
export function putRounded2(at: number, value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude < mostHundredths)) return putLarge(at, value, 2);
  const floor = Math.floor(magnitude);
  const scaled = (magnitude - floor) * 100;
  const below = scaled | 0;
  const overTie = scaled - below - 0.5;
  if (Math.abs(overTie) < magnitude * 2.3e-14 + 1e-9) return putAscii(at, String(roundDecimal(value, 2)));
  const hundredths = overTie > 0 ? below + 1 : below;
  const whole = hundredths === 100 ? floor + 1 : floor;
  const fraction = hundredths === 100 ? 0 : hundredths * 100;
  const end = putLargeWhole(putMinus(at, value < 0 && (whole > 0 || fraction > 0)), whole);
  return putFraction4(end, fraction);
}
