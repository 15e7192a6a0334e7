import { Buffer } from 'node:buffer';
import { instantBounds } from '../../market/calendar.ts';
import { cell, cells, head } from './columns.ts';
import { bytes, char, nowhere, origin, words } from './input.ts';
import { field, valueAt } from './keys.ts';
import { readAmount, readNumber } from './read-number.ts';
import { readOptions } from './read-options.ts';
import { readExpiry, readTimestamp } from './read-time.ts';

const opening = Buffer.from('{"symbol_id":');
const openingFirst = opening.readDoubleLE(0);
const openingLast = opening.readDoubleLE(5);
const ltpName = Buffer.from('{"ltp":');
const ltpFirst = ltpName.readInt32LE(0);
const ltpLast = ltpName.readInt32LE(3);
const mostSymbolBytes = 32;

/**
 * Reads the message that stands in the input up to `length`: true when it is one that feeds send, sound and with its
 * fields in the contract's order. Anything else, wrong or only unusual, is for the plain path to judge.
 */
export function readMessage(messageEnd: number): boolean {
  if (words.getFloat64(origin, true) !== openingFirst || words.getFloat64(origin + 5, true) !== openingLast)
    return false;
  const gap = bytes[origin + 13] === char.space ? 1 : 0;
  head.symbolId = origin + 13 + gap;
  head.symbolIdEnd = readInteger(head.symbolId, cell.unused);
  head.symbol = valueAt(field.symbol, head.symbolIdEnd, gap);
  head.symbolEnd = readSymbol(head.symbol);
  head.expiry = valueAt(field.expiry, head.symbolEnd, gap);
  head.timestamp = valueAt(field.timestamp, readExpiry(head.expiry, cell.expiresAtMs), gap);
  head.timestampEnd = readInstant(head.timestamp);
  let end = readOptionalAmount(field.lot_size, head.timestampEnd, gap, cell.lotSize);
  end = readOptional(field.vix, end, gap, cell.vix);
  end = readSpot(valueAt(field.spot, end, gap), gap);
  end = readFutures(end, gap);
  end = valueAt(field.options, end, gap);
  if (bytes[end] !== char.openBracket) return false;
  end = readOptions(end + 1, gap);
  return bytes[end] === char.closeBrace && end + 1 === messageEnd;
}

/** Reads digits alone, no null. */
function readInteger(at: number, cell: number): number {
  const end = readAmount(at, cell);
  return Number.isInteger(cells[cell]) && bytes[end] === char.comma && isDigits(at, end) ? end : nowhere;
}

/** 1.0 is an integer too, but written as 1. */
function isDigits(at: number, end: number): boolean {
  for (let index = at; index < end; index += 1) if (bytes[index] === char.point) return false;
  return true;
}

/** A symbol of printable ASCII, which JSON writes as it is. */
function readSymbol(at: number): number {
  if (bytes[at] !== char.quote) return nowhere;
  const most = at + 1 + mostSymbolBytes;
  let end = at + 1;
  while (end <= most) {
    const byte = bytes[end] ?? 0;
    if (byte === char.quote) return end > at + 1 ? end + 1 : nowhere;
    if (byte < char.space || byte > char.tilde || byte === char.backslash) return nowhere;
    end += 1;
  }
  return nowhere;
}

function readInstant(at: number): number {
  if (bytes[at] === char.quote) return readTimestamp(at, cell.timestampMs);
  const end = readInteger(at, cell.timestampMs);
  return (cells[cell.timestampMs] ?? 0) <= instantBounds.max ? end : nowhere;
}

function readOptional(name: number, at: number, gap: number, cell: number): number {
  const value = valueAt(name, at, gap);
  if (value !== nowhere) return readNumber(value, cell);
  cells[cell] = Number.NaN;
  return at;
}

function readOptionalAmount(name: number, at: number, gap: number, cell: number): number {
  const value = valueAt(name, at, gap);
  if (value !== nowhere) return readAmount(value, cell);
  cells[cell] = Number.NaN;
  return at;
}

/** The value of `"ltp"` as the first field of an object at `at`. */
function firstLtp(at: number, gap: number): number {
  if (words.getInt32(at, true) !== ltpFirst || words.getInt32(at + 3, true) !== ltpLast) return nowhere;
  if (gap === 0) return at + 7;
  return bytes[at + 7] === char.space ? at + 8 : nowhere;
}

function readSpot(at: number, gap: number): number {
  let end = readAmount(firstLtp(at, gap), cell.spot);
  if (!((cells[cell.spot] ?? 0) > 0)) return nowhere;
  end = readOptional(field.change, end, gap, cell.spotChange);
  end = readOptional(field.change_pct, end, gap, cell.spotChangePct);
  return bytes[end] === char.closeBrace ? end + 1 : nowhere;
}

/** A future is no more than its price and its expiry; what else it has is checked. Absent, its price is null. */
function readFutures(at: number, gap: number): number {
  cells[cell.futureLtp] = Number.NaN;
  const future = valueAt(field.futures, at, gap);
  if (future === nowhere) return at;
  let end = readAmount(firstLtp(future, gap), cell.futureLtp);
  cells[cell.futureExpiresAtMs] = cells[cell.expiresAtMs] ?? 0;
  const expiry = valueAt(field.expiry, end, gap);
  if (expiry !== nowhere) end = readExpiry(expiry, cell.futureExpiresAtMs);
  end = readOptionalAmount(field.oi, end, gap, cell.unused);
  end = readOptionalAmount(field.volume, end, gap, cell.unused);
  return bytes[end] === char.closeBrace ? end + 1 : nowhere;
}
