import { Buffer } from 'node:buffer';
import { cells, column, head, isCall, mostOptions, text } from './columns.ts';
import { bytes, char, nowhere, words } from './input.ts';
import { field, valueAt } from './keys.ts';
import { canonical, readAmount } from './read-number.ts';

const opening = Buffer.from('{"strike":');
const openingFirst = opening.readDoubleLE(0);
const openingLast = opening.readDoubleLE(2);
const callWord = Buffer.from('"CE"').readInt32LE();
const putWord = Buffer.from('"PE"').readInt32LE();

/**
 * Reads the options of a chain, which begin at `at` behind the bracket, into the columns. Each must come strictly behind
 * the one before it in the order of the output. Returns the offset behind the closing bracket; nowhere when anything is out
 * of the ordinary.
 */
export function readOptions(at: number, gap: number): number {
  head.options = 0;
  if (bytes[at] === char.closeBracket) return at + 1;
  for (let row = 0; row < mostOptions; row += 1) {
    const end = readOption(at, gap, row);
    if (end === nowhere || !isBehindTheLast(row)) return nowhere;
    if (bytes[end] === char.closeBracket) {
      head.options = row + 1;
      return end + 1;
    }
    if (bytes[end] !== char.comma || (gap === 1 && bytes[end + 1] !== char.space)) return nowhere;
    at = end + 1 + gap;
  }
  return nowhere;
}

function isBehindTheLast(row: number): boolean {
  if (row === 0) return true;
  const before = cells[column.strike + row - 1] ?? 0;
  const strike = cells[column.strike + row] ?? 0;
  return strike > before || (strike === before && (isCall[row - 1] ?? 0) > (isCall[row] ?? 0));
}

/** Reads one option; the offset behind its brace, or nowhere. A strike above 0 and a type it must have, the rest it may. */
function readOption(at: number, gap: number, row: number): number {
  if (words.getFloat64(at, true) !== openingFirst || words.getFloat64(at + 2, true) !== openingLast) return nowhere;
  if (gap === 1 && bytes[at + 10] !== char.space) return nowhere;
  canonical[0] = 1 - gap;
  let end = readAmount(at + 10 + gap, column.strike + row);
  if (end === nowhere || !((cells[column.strike + row] ?? 0) > 0)) return nowhere;
  end = valueAt(field.option_type, end, gap);
  if (end === nowhere) return nowhere;
  const type = words.getInt32(end, true);
  if (type !== callWord && type !== putWord) return nowhere;
  isCall[row] = type === callWord ? 1 : 0;
  end += 4;
  text.start[row] = at;
  text.ivEnd[row] = 0;
  let cell = column.ltp + row;
  for (let name = field.ltp; name <= field.prev_oi; name += 1) {
    const value = valueAt(name, end, gap);
    if (value === nowhere) {
      cells[cell] = Number.NaN;
      if (name < field.iv) canonical[0] = 0;
    } else {
      end = readAmount(value, cell);
      if (end === nowhere) return nowhere;
      if (name === field.iv && canonical[0] === 1) text.ivEnd[row] = end;
    }
    if (name === field.oi) text.oiEnd[row] = canonical[0] === 1 ? end : 0;
    cell += mostOptions;
  }
  return bytes[end] === char.closeBrace ? end + 1 : nowhere;
}
