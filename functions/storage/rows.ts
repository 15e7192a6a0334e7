import {
  basisNumbers,
  contextNumbers,
  type EnrichedSnapshot,
  gexNumbers,
  optionNumbers,
  pcrNumbers,
  skewNumbers,
} from '../market/enriched.ts';
import type { JsonObject } from '../market/fields.ts';
import { microsOf } from '../market/micros.ts';
import type { Source } from '../market/source.ts';
import type { RowBuffer } from './row-buffer.ts';

/** What tells a snapshot from all others, and its names. */
export type SnapshotKey = Pick<
  EnrichedSnapshot,
  'symbolId' | 'symbol' | 'expiry' | 'expiryDay' | 'timestamp' | 'timestampMs'
>;

const prefixed = (prefix: string, names: readonly string[]): string[] => names.map((name) => prefix + name);

/** The columns of both tables, in the order in which rows are written. */
const pricesNumbers = optionNumbers.slice(0, 6);
const valueNumbers = optionNumbers.slice(6, 14);
const changeNumbers = optionNumbers.slice(14);
const keyColumns = ['symbol_id', 'expiry', 'snapshot_at'];
const numberColumns = [
  ...contextNumbers,
  ...prefixed('pcr_', pcrNumbers),
  'max_pain',
  ...prefixed('gex_', gexNumbers),
  ...['skew_put_iv', 'skew_call_iv', 'iv_skew'],
  ...basisNumbers,
  'vix_divergence',
];
const snapshotColumns = [
  ...[...keyColumns, 'symbol', 'given_timestamp', 'source_partition', 'source_offset'],
  ...numberColumns,
];
/** In the order of the message, so that it can be read and written in one go. */
const optionColumns = [
  ...[...keyColumns, 'strike', 'option_type', ...pricesNumbers, 'iv_source', ...valueNumbers, 'illiquid'],
  ...[...changeNumbers, 'buildup_type'],
];

export const copySnapshots = `copy snapshots (${snapshotColumns.join(', ')}) from stdin with (format binary)`;
export const copyOptions = `copy snapshot_options (${optionColumns.join(', ')}) from stdin with (format binary)`;

/** No row takes more: lengths, numbers and the longest of the texts. */
export const mostSnapshotBytes = 1_024;
export const mostOptionBytes = 2 + optionColumns.length * 12 + 64;

/** From 1970-01-01 to 2000-01-01, where PostgreSQL counts from. */
const epochDays = 10_957;
const epochMicros = BigInt(epochDays) * 86_400_000_000n;

/** Appends the row of a snapshot. */
export function writeSnapshot(out: RowBuffer, snapshot: EnrichedSnapshot, source: Source): void {
  out.reserve(mostSnapshotBytes);
  beginSnapshot(out, snapshot, source);
  putNumbers(out, snapshot.context, contextNumbers);
  putNumbers(out, snapshot.pcr, pcrNumbers);
  out.putNumber(snapshot.maxPain);
  putNumbers(out, snapshot.gex, gexNumbers);
  putNumbers(out, snapshot.ivSkew, skewNumbers);
  putNumbers(out, snapshot.futuresBasis ?? noBasis, basisNumbers);
  out.putNumber(snapshot.vixDivergence);
}

/** Appends the rows of its options. */
export function writeOptions(out: RowBuffer, snapshot: EnrichedSnapshot): void {
  out.reserve(snapshot.options.length * mostOptionBytes);
  const first = out.at;
  let keyEnd = 0;
  for (const option of snapshot.options) {
    if (keyEnd === 0) keyEnd = beginOption(out, snapshot);
    else out.repeat(first, keyEnd);
    out.putNumber(option.strike);
    out.putText(option.option_type);
    putNumbers(out, option, pricesNumbers);
    putTextOrNull(out, option.iv_source);
    putNumbers(out, option, valueNumbers);
    out.putBoolean(option.illiquid);
    putNumbers(out, option, changeNumbers);
    putTextOrNull(out, option.buildup_type);
  }
}

/** What the rows of all options of a snapshot begin with. Returns where it ends. */
export function beginOption(out: RowBuffer, key: SnapshotKey): number {
  out.beginRow(optionColumns.length);
  putKey(out, key);
  return out.at;
}

/** What the row of a snapshot begins with, up to its first number. */
export function beginSnapshot(out: RowBuffer, key: SnapshotKey, { partition, offset }: Source): void {
  out.beginRow(snapshotColumns.length);
  putKey(out, key);
  out.putText(key.symbol);
  out.putText(String(key.timestamp));
  out.putInteger(partition);
  out.putBigint(BigInt(offset));
}

const noBasis: JsonObject = Object.fromEntries(basisNumbers.map((name) => [name, null]));

function putKey(out: RowBuffer, { symbolId, expiryDay, timestampMs }: SnapshotKey): void {
  out.putBigint(BigInt(symbolId));
  out.putInteger(expiryDay - epochDays);
  out.putBigint(microsOf(timestampMs) - epochMicros);
}

function putTextOrNull(out: RowBuffer, text: string | null): void {
  if (text === null) out.putNull();
  else out.putText(text);
}

/** They have been checked to be numbers or null. */
function putNumbers(out: RowBuffer, object: JsonObject, names: readonly string[]): void {
  for (const name of names) out.putNumber(object[name] as number | null);
}
