import { type Digits, roundDecimal } from '../../market/rounding.ts';
import { cell, cells } from './columns.ts';
import { putAscii } from './output.ts';
import {
  mostUnits,
  putFraction4,
  putFraction8,
  putLargeWhole,
  putMinus,
  putNull,
  putTiny,
  putUnits,
  putWhole,
} from './put-digits.ts';

/**
 * Numbers as JSON.stringify writes them. NaN and infinities are null. They are named by their cells: a number that passes a
 * call which V8 does not inline is put into a box on the heap.
 */

/** Whole numbers below have at most 15 digits, which every double keeps. */
const mostExact = 1e15;
/** By how much the doubles of up to 2^31 units may be off, with plenty to spare. */
const doubt = 1e-6;

/** A value that is passed on, with all its digits. */
export function putGiven(at: number, place: number): number {
  const value = cells[place] ?? 0;
  const magnitude = Math.abs(value);
  const scaled = magnitude * 1e4;
  if (scaled < mostUnits) {
    // Four decimals hold nearly every price: if dividing gives the value back, its shortest text has no more digits.
    const units = (scaled + 0.5) | 0;
    if (units / 1e4 === magnitude) return putUnits(putMinus(at, value < 0), units);
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
export function putRounded4(at: number, place: number): number {
  const value = cells[place] ?? 0;
  const magnitude = Math.abs(value);
  if (!(magnitude * 1e4 < mostUnits)) return putLarge(at, place, 4);
  const units = roundUnits(magnitude, 1e4);
  return putUnits(putMinus(at, value < 0 && units > 0), units);
}

/** {@link putRounded4} of a value that has no cell. It is small enough to be inlined wherever it is called. */
export function putValue4(at: number, value: number): number {
  cells[cell.written] = value;
  return putRounded4(at, cell.written);
}

/** A value rounded to six decimals. */
export function putRounded6(at: number, place: number): number {
  const value = cells[place] ?? 0;
  const magnitude = Math.abs(value);
  if (!(magnitude * 1e6 < mostUnits)) return putLarge(at, place, 6);
  const units = roundUnits(magnitude, 1e6);
  const whole = (units / 1e6) | 0;
  return putFraction8(putWhole(putMinus(at, value < 0 && units > 0), whole), ((units - whole * 1e6) * 100) | 0);
}

/** A value rounded to eight decimals. Below 1e-6 JavaScript writes an exponent. */
export function putRounded8(at: number, place: number): number {
  const value = cells[place] ?? 0;
  const magnitude = Math.abs(value);
  if (!(magnitude * 1e8 < mostUnits)) return putLarge(at, place, 8);
  const units = roundUnits(magnitude, 1e8);
  if (units < 100 && units > 0) return putTiny(putMinus(at, value < 0), units);
  const whole = (units / 1e8) | 0;
  return putFraction8(putWhole(putMinus(at, value < 0 && units > 0), whole), (units - whole * 1e8) | 0);
}

/** What does not fit 32 bits, or is no number. */
function putLarge(at: number, place: number, digits: Digits): number {
  const value = cells[place] ?? 0;
  if (!Number.isFinite(value)) return putNull(at);
  const magnitude = Math.abs(value);
  if (magnitude < mostExact && magnitude === Math.floor(magnitude))
    return putLargeWhole(putMinus(at, value < 0), magnitude);
  return putAscii(at, String(roundDecimal(value, digits)));
}

/** Below 2^46 doubles lie closer together than hundredths: each of those is the shortest text of its double. */
const mostHundredths = 2 ** 46;

/**
 * A value rounded to two decimals, as exposures are: the largest values there are, with 15 digits and more. The value's
 * shortest text is at most half a unit in the last place away from it: only where that could matter to the rounding is
 * the text itself made.
 */
export function putRounded2(at: number, place: number): number {
  const value = cells[place] ?? 0;
  const magnitude = Math.abs(value);
  if (!(magnitude < mostHundredths)) return putLarge(at, place, 2);
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
