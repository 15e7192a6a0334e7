import { cells } from './columns.ts';
import { bytes, char, nowhere, words } from './input.ts';

/**
 * Decimal numbers, exactly: a mantissa below 2^53 over a power of ten of at most 22 digits, both whole, divides into the
 * nearest double, which is what JSON.parse gives. Here the mantissa has 15 digits at most, so that no two of them are one
 * double, and the shortest text of the double is the number's own, unless it ends in zeros. Exponents, longer numbers and
 * signs where none is expected are left to the plain path.
 */
export const powersOfTen = Float64Array.from({ length: 16 }, (_, power) => Number(`1e${power}`));
const mostDigits = 15;
/** Up to so many digits, the mantissa is counted in 32 bits. */
const fewDigits = 9;
const nullWord = 0x6c6c756e;

/** Whether a number since it was last set to 1 was written otherwise than JSON.stringify would write it: then it is 0. */
export const canonical = new Uint8Array(1);

/**
 * Reads a number of 0 or above, or null as NaN, into its cell. Returns the offset behind it; nowhere when there
 * is something else.
 */
export function readAmount(at: number, cell: number): number {
  let end = at;
  let mantissa = 0;
  let digit = (bytes[end] ?? 0) - char.zero;
  if (digit === 0) end += 1;
  else {
    while (digit >= 0 && digit <= 9) {
      mantissa = (mantissa * 10 + digit) | 0;
      end += 1;
      digit = (bytes[end] ?? 0) - char.zero;
    }
    if (end === at) {
      cells[cell] = Number.NaN;
      return words.getInt32(at, true) === nullWord ? at + 4 : nowhere;
    }
  }
  if (bytes[end] !== char.point) {
    if (end - at > fewDigits) return readLong(at, end, 0, cell);
    cells[cell] = mantissa;
    // After a zero no digit may stand: whoever asks for what follows will not find it.
    return end;
  }
  const point = end;
  end += 1;
  digit = (bytes[end] ?? 0) - char.zero;
  let last = 0;
  while (digit >= 0 && digit <= 9) {
    mantissa = (mantissa * 10 + digit) | 0;
    last = digit;
    end += 1;
    digit = (bytes[end] ?? 0) - char.zero;
  }
  const decimals = end - point - 1;
  if (decimals === 0) return nowhere;
  // JSON.stringify drops the last zero, and below 0.000001 it writes an exponent.
  if (last === 0 || decimals > 6) canonical[0] = 0;
  if (end - at - 1 > fewDigits) return readLong(at, end, decimals, cell);
  cells[cell] = mantissa / (powersOfTen[decimals] ?? 1);
  return end;
}

/** Reads digits again that are too many for 32 bits. */
function readLong(at: number, end: number, decimals: number, cell: number): number {
  if (end - at - (decimals > 0 ? 1 : 0) > mostDigits) return nowhere;
  let mantissa = 0;
  for (let index = at; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte !== char.point) mantissa = mantissa * 10 + (byte - char.zero);
  }
  cells[cell] = mantissa / (powersOfTen[decimals] ?? 1);
  return end;
}

/** Reads a number of any sign, or null as NaN. */
export function readNumber(at: number, cell: number): number {
  if (bytes[at] !== char.minus) return readAmount(at, cell);
  const end = readAmount(at + 1, cell);
  const magnitude = cells[cell] ?? 0;
  // Neither -null nor -0.
  if (!(magnitude > 0)) return nowhere;
  cells[cell] = -magnitude;
  return end;
}
