import { Buffer } from 'node:buffer';
import { dayMs, expiryInstant, expiryOfDayMs, parseTimestamp } from '../../market/calendar.ts';
import { basisNumbers, contextNumbers, optionNumbers } from '../../market/enriched.ts';
import type { Source } from '../../market/source.ts';
import type { RowBuffer } from '../row-buffer.ts';
import { beginOption, beginSnapshot, mostOptionBytes, mostSnapshotBytes, type SnapshotKey } from '../rows.ts';
import { bytes, load, nowhere, origin, plainText } from './input.ts';
import { last, readNumber } from './number.ts';
import { behind, literal, numbers, readSteps, type Step, written } from './steps.ts';

const text = {
  symbolId: literal('{"symbol_id":'),
  symbol: literal(',"symbol":"'),
  expiry: literal(',"expiry":"'),
  timestamp: literal(',"timestamp":"'),
  options: literal('},"options":['),
  noBasis: literal('},"futures_basis":null'),
  strike: literal('{"strike":'),
};
const step = (name: string): Step => ({ name: literal(name), words: [] });

/** A field with a few values: each as JSON writes it, and as its column has it, with its length. */
function words(name: string, values: readonly (string | boolean | null)[]): Step {
  return {
    name: literal(`,"${name}":`),
    words: values.map((value) => ({ text: literal(JSON.stringify(value)), column: columnOf(value) })),
  };
}

function columnOf(value: string | boolean | null): Buffer {
  const content = typeof value === 'boolean' ? Buffer.from([value ? 1 : 0]) : Buffer.from(value ?? '');
  const length = Buffer.alloc(4);
  length.writeInt32BE(value === null ? -1 : content.length);
  return Buffer.concat([length, content]);
}

const spot = [step(',"context":{"spot_price":')];
const context = numbers(contextNumbers.slice(1));
const optionType = [words('option_type', ['CE', 'PE'])];
const optionSteps = [
  ...numbers(optionNumbers.slice(0, 6)),
  words('iv_source', ['feed', 'mid', 'last', null]),
  ...numbers(optionNumbers.slice(6, 14)),
  words('illiquid', [false, true]),
  ...numbers(optionNumbers.slice(14)),
  words('buildup_type', ['neutral', 'long_buildup', 'short_buildup', 'long_unwinding', 'short_covering', null]),
];
const analyses = [
  ...[step(',"analyses":{"pcr":{"oi":'), ...numbers(['volume']), step('},"max_pain":'), step(',"gex":{"net":')],
  ...[...numbers(['call', 'put', 'call_wall', 'put_wall', 'zero_gamma']), step('},"iv_skew":{"put_iv":')],
  ...numbers(['call_iv', 'skew']),
];
const basis = [step('},"futures_basis":{"basis":'), ...numbers(basisNumbers.slice(1)), step('},"vix_divergence":')];
const vix = numbers(['vix_divergence']);
const noBasisColumns = Buffer.concat(basisNumbers.map(() => columnOf(null)));

const char = { comma: 0x2c, capitalC: 0x43, closeBracket: 0x5d, closeBrace: 0x7d } as const;
const longestSymbol = 32;
const longestTime = 40;
const mostOptions = 2_000;

/**
 * Reads a message as the processor writes it, tight and with its fields in the contract's order, and appends its rows with
 * nothing made but its key. Anything out of the ordinary, or wrong, gives undefined and no rows: the plain path decides what
 * it is. So this one refuses nothing, and has no errors of its own.
 */
export function readRows(
  value: Buffer,
  snapshots: RowBuffer,
  options: RowBuffer,
  source: Source,
): SnapshotKey | undefined {
  if (!load(value)) return undefined;
  const start = { snapshots: snapshots.at, options: options.at };
  const key = readKey();
  const end = key === undefined ? nowhere : readBody(key, snapshots, options, source);
  if (end === origin + value.length) return key;
  snapshots.at = start.snapshots;
  options.at = start.options;
  return undefined;
}

let at = nowhere;

/** The fields before the numbers; `at` is behind them then. */
function readKey(): SnapshotKey | undefined {
  at = behind(text.symbolId, origin);
  at = at === nowhere ? nowhere : readNumber(at);
  const symbolId = last[0] as number;
  if (at === nowhere || !Number.isSafeInteger(symbolId) || symbolId < 0) return undefined;
  const symbol = readText(text.symbol, longestSymbol);
  const expiry = symbol && readText(text.expiry, 10);
  const timestamp = expiry && readText(text.timestamp, longestTime);
  if (!timestamp) return undefined;
  const expiresMs = expiryInstant(expiry);
  const timestampMs = parseTimestamp(timestamp);
  if (expiresMs === null || timestampMs === null) return undefined;
  return { symbolId, symbol, expiry, expiryDay: (expiresMs - expiryOfDayMs) / dayMs, timestamp, timestampMs };
}

function readText(name: number, longest: number): string | undefined {
  const from = behind(name, at);
  const found = from === nowhere ? undefined : plainText(from, longest);
  if (found !== undefined) at = from + found.length + 1;
  return found;
}

function readBody(key: SnapshotKey, snapshots: RowBuffer, options: RowBuffer, source: Source): number {
  snapshots.reserve(mostSnapshotBytes);
  beginSnapshot(snapshots, key, source);
  let end = take(spot, at, snapshots);
  if (end === nowhere || !((last[0] as number) > 0)) return nowhere;
  end = take(context, end, snapshots);
  end = end === nowhere ? nowhere : behind(text.options, end);
  end = end === nowhere ? nowhere : readOptions(end, key, options);
  end = end === nowhere ? nowhere : take(analyses, end, snapshots);
  if (end === nowhere) return nowhere;
  const withoutBasis = behind(text.noBasis, end);
  if (withoutBasis === nowhere) end = take(basis, end, snapshots);
  else {
    for (const byte of noBasisColumns) snapshots.view.setUint8(snapshots.at++, byte);
    end = take(vix, withoutBasis, snapshots);
  }
  return end !== nowhere && bytes[end] === char.closeBrace && bytes[end + 1] === char.closeBrace ? end + 2 : nowhere;
}

function take(steps: readonly Step[], from: number, out: RowBuffer): number {
  const end = readSteps(steps, from, out.view, out.at);
  out.at = written.at;
  return end;
}

/** Options in order, each once; `from` is behind the bracket. Returns the offset behind the other one. */
function readOptions(from: number, key: SnapshotKey, out: RowBuffer): number {
  if (bytes[from] === char.closeBracket) return from + 1;
  const first = out.at;
  let keyEnd = 0;
  let end = from;
  let lastStrike = 0;
  let wasCall = false;
  for (let count = 0; count < mostOptions; count += 1) {
    out.reserve(mostOptionBytes);
    if (keyEnd === 0) keyEnd = beginOption(out, key);
    else out.repeat(first, keyEnd);
    end = behind(text.strike, end);
    end = end === nowhere ? nowhere : readNumber(end);
    const strike = last[0] as number;
    if (end === nowhere || !(strike >= lastStrike && strike > 0)) return nowhere;
    out.putNumber(strike);
    end = take(optionType, end, out);
    if (end === nowhere) return nowhere;
    const isCall = bytes[end - 3] === char.capitalC;
    if (strike === lastStrike && (!wasCall || isCall)) return nowhere;
    lastStrike = strike;
    wasCall = isCall;
    end = take(optionSteps, end, out);
    if (end === nowhere || bytes[end] !== char.closeBrace) return nowhere;
    if (bytes[end + 1] === char.closeBracket) return end + 2;
    if (bytes[end + 1] !== char.comma) return nowhere;
    end += 2;
  }
  return nowhere;
}
