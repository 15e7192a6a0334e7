import { expiryInstant, instantBounds, parseTimestamp } from '../market/calendar.ts';
import {
  optionalAmount,
  optionalNumber,
  requireObject,
  requirePositive,
  requireText,
  violation,
} from '../market/fields.ts';
import { BadInputError } from '../runtime/errors.ts';
import type { Chain, FutureQuote, Quote } from './chain.ts';

const maxOptions = 2000;
const maxSymbolLength = 32;

/**
 * Checks parsed JSON against the contract of `market.raw` and takes out what the processor uses. Fields it does not know
 * are not looked at. Numbers are doubles, as JSON's are in practice: given values keep every digit a double can hold.
 * The two that identify a snapshot, `symbol_id` and an integer `timestamp`, must be exact, or they are refused.
 *
 * @throws BadInputError `CONTRACT_VIOLATED`, with the path of the first field that is wrong.
 */
export function validateChain(json: unknown): Chain {
  const message = requireObject(json, '', 'message');
  const symbolId = readSymbolId(message.symbol_id);
  const symbol = requireText(message.symbol, '', 'symbol', maxSymbolLength);
  const expiry = requireExpiry(message.expiry, '');
  const timestamp = readTimestamp(message.timestamp);
  const spot = requireObject(message.spot, '', 'spot');
  return {
    symbolId,
    symbol,
    expiry: expiry.date,
    expiresAtMs: expiry.atMs,
    timestamp: timestamp.given,
    timestampMs: timestamp.atMs,
    lotSize: optionalAmount(message.lot_size, '', 'lot_size'),
    vix: optionalNumber(message.vix, '', 'vix'),
    spot: requirePositive(spot.ltp, 'spot', 'ltp'),
    spotChange: optionalNumber(spot.change, 'spot', 'change'),
    spotChangePct: optionalNumber(spot.change_pct, 'spot', 'change_pct'),
    future: readFuture(message.futures, expiry.atMs),
    quotes: readQuotes(message.options),
  };
}

function readSymbolId(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw violation('', 'symbol_id', `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`, value);
  }
  return value;
}

function requireExpiry(value: unknown, owner: string): { date: string; atMs: number } {
  const atMs = typeof value === 'string' ? expiryInstant(value) : null;
  if (typeof value !== 'string' || atMs === null) throw violation(owner, 'expiry', 'a real date, YYYY-MM-DD', value);
  return { date: value, atMs };
}

function readTimestamp(value: unknown): { given: string | number; atMs: number } {
  if (typeof value === 'string') {
    const atMs = parseTimestamp(value);
    if (atMs !== null) return { given: value, atMs };
  } else if (typeof value === 'number' && Number.isInteger(value)) {
    if (value >= instantBounds.min && value <= instantBounds.max) return { given: value, atMs: value };
  }
  const expected = 'ISO 8601 with seconds and zone (2026-11-23T10:30:00+05:30), or integer epoch milliseconds';
  throw violation('', 'timestamp', expected, value);
}

function readFuture(value: unknown, optionsExpireAtMs: number): FutureQuote | null {
  if (value === undefined || value === null) return null;
  const future = requireObject(value, '', 'futures');
  // Not in the output, yet part of the contract.
  optionalAmount(future.oi, 'futures', 'oi');
  optionalAmount(future.volume, 'futures', 'volume');
  const hasExpiry = future.expiry !== undefined && future.expiry !== null;
  return {
    ltp: optionalAmount(future.ltp, 'futures', 'ltp'),
    expiresAtMs: hasExpiry ? requireExpiry(future.expiry, 'futures').atMs : optionsExpireAtMs,
  };
}

function readQuotes(value: unknown): readonly Quote[] {
  if (!Array.isArray(value)) throw violation('', 'options', 'an array', value);
  if (value.length > maxOptions) throw violation('', 'options', `at most ${maxOptions} entries`, value);
  const quotes = value.map(readQuote);
  if (isInOrder(quotes)) return quotes;
  const sorted = quotes.toSorted(compareQuotes);
  if (!isInOrder(sorted)) throw duplicateOf(quotes);
  return sorted;
}

function readQuote(value: unknown, index: number): Quote {
  const option = requireObject(value, index, '');
  const type = option.option_type;
  const strike = requirePositive(option.strike, index, 'strike');
  if (type !== 'CE' && type !== 'PE') throw violation(index, 'option_type', '"CE" or "PE"', type);
  return {
    strike,
    type,
    ltp: optionalAmount(option.ltp, index, 'ltp'),
    bid: optionalAmount(option.bid, index, 'bid'),
    ask: optionalAmount(option.ask, index, 'ask'),
    volume: optionalAmount(option.volume, index, 'volume'),
    oi: optionalAmount(option.oi, index, 'oi'),
    iv: optionalNumber(option.iv, index, 'iv'),
    prevClose: optionalAmount(option.prev_close, index, 'prev_close'),
    prevOi: optionalAmount(option.prev_oi, index, 'prev_oi'),
  };
}

function compareQuotes(a: Quote, b: Quote): number {
  if (a.strike !== b.strike) return a.strike < b.strike ? -1 : 1;
  return a.type === b.type ? 0 : a.type === 'CE' ? -1 : 1;
}

/** Whether each quote comes strictly after the one before it: sorted, and none twice. */
function isInOrder(quotes: readonly Quote[]): boolean {
  return quotes.every((quote, index) => {
    const previous = quotes[index - 1];
    return previous === undefined || compareQuotes(previous, quote) < 0;
  });
}

function duplicateOf(quotes: readonly Quote[]): BadInputError {
  const firstIndex = new Map<string, number>();
  for (const [index, { strike, type }] of quotes.entries()) {
    const name = `${strike} ${type}`;
    const first = firstIndex.get(name);
    if (first !== undefined) {
      const expected = `each strike and type once, got ${name} of options[${first}] again`;
      return new BadInputError('CONTRACT_VIOLATED', `options[${index}]: expected ${expected}`);
    }
    firstIndex.set(name, index);
  }
  return new BadInputError('CONTRACT_VIOLATED', 'options: expected each strike and type once');
}
