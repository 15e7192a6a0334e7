import { dayMs, dayNumber, expiryOfDayMs, instantOf } from '../../market/calendar.ts';
import { cells } from './columns.ts';
import { bytes, char, nowhere } from './input.ts';
import { powersOfTen } from './read-number.ts';

const upperT = 0x54;
const upperZ = 0x5a;
const mostFractionDigits = 9;

/** Two digits as a number; far below 0 when they are none. */
function twoDigits(at: number): number {
  const tens = (bytes[at] ?? 0) - char.zero;
  const ones = (bytes[at + 1] ?? 0) - char.zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1e6;
}

/** Days since 1970 of `YYYY-MM-DD` at an offset; `null` when it is not a real date. */
function readDay(at: number): number | null {
  if (bytes[at + 4] !== char.minus || bytes[at + 7] !== char.minus) return null;
  return dayNumber(100 * twoDigits(at) + twoDigits(at + 2), twoDigits(at + 5), twoDigits(at + 8));
}

/** Reads an expiry date in quotes into a cell, as the instant of expiry. Returns the offset behind it, or nowhere. */
export function readExpiry(at: number, cell: number): number {
  if (bytes[at] !== char.quote || bytes[at + 11] !== char.quote) return nowhere;
  const day = readDay(at + 1);
  if (day === null) return nowhere;
  cells[cell] = day * dayMs + expiryOfDayMs;
  return at + 12;
}

/** Reads an ISO 8601 timestamp in quotes into a cell, to the letter as parseTimestamp does. Offset behind it, or nowhere. */
export function readTimestamp(at: number, cell: number): number {
  const day = readDay(at + 1);
  const hour = twoDigits(at + 12);
  const minute = twoDigits(at + 15);
  const second = twoDigits(at + 18);
  if (
    bytes[at] !== char.quote ||
    bytes[at + 11] !== upperT ||
    bytes[at + 14] !== char.colon ||
    bytes[at + 17] !== char.colon ||
    day === null ||
    !(hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59)
  ) {
    return nowhere;
  }
  let end = at + 20;
  let fractionMs = 0;
  if (bytes[end] === char.point) {
    const start = end + 1;
    let digits = 0;
    end = start;
    let digit = (bytes[end] ?? 0) - char.zero;
    while (digit >= 0 && digit <= 9 && end - start < mostFractionDigits) {
      digits = digits * 10 + digit;
      end += 1;
      digit = (bytes[end] ?? 0) - char.zero;
    }
    const count = end - start;
    if (count === 0) return nowhere;
    fractionMs =
      count > 3 ? digits / (powersOfTen[count - 3] ?? 1) : count === 3 ? digits : digits * (count === 2 ? 10 : 100);
  }
  let zone = 0;
  const sign = bytes[end];
  if (sign === upperZ) end += 1;
  else {
    const zoneHour = twoDigits(end + 1);
    const zoneMinute = twoDigits(end + 4);
    if ((sign !== char.plus && sign !== char.minus) || bytes[end + 3] !== char.colon) return nowhere;
    if (!(zoneHour >= 0 && zoneHour <= 23 && zoneMinute >= 0 && zoneMinute <= 59)) return nowhere;
    zone = (zoneHour * 60 + zoneMinute) * (sign === char.minus ? -1 : 1);
    end += 6;
  }
  if (bytes[end] !== char.quote) return nowhere;
  cells[cell] = instantOf(day, hour * 60 + minute - zone, second, fractionMs);
  return end + 1;
}
