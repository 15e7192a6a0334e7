import type { Buffer } from 'node:buffer';
import { dayMs, expiryInstant, expiryOfDayMs, instantBounds, parseTimestamp } from './calendar.ts';
import { type JsonObject, type Owner, requireObject, requirePositive, requireText, violation } from './fields.ts';
import { parseJson } from './json.ts';

/** One option of a `market.enriched` message, checked. Names are the contract's. */
export interface EnrichedOption {
  readonly strike: number;
  readonly option_type: 'CE' | 'PE';
  readonly iv_source: 'feed' | 'mid' | 'last' | null;
  readonly illiquid: boolean;
  readonly buildup_type: 'long_buildup' | 'short_buildup' | 'long_unwinding' | 'short_covering' | 'neutral' | null;
  /** `ltp` to `oi_change`, each a number or null: `optionNumbers` has their names. */
  readonly [name: string]: unknown;
}

/** A `market.enriched` message that holds to the contract. */
export interface EnrichedSnapshot {
  readonly symbolId: number;
  readonly symbol: string;
  /** `YYYY-MM-DD`, and as days since 1970-01-01. */
  readonly expiry: string;
  readonly expiryDay: number;
  /** As it was given, and as milliseconds since the epoch: with a fraction when more digits than three were given. */
  readonly timestamp: string | number;
  readonly timestampMs: number;
  readonly context: JsonObject;
  readonly options: readonly EnrichedOption[];
  readonly pcr: JsonObject;
  readonly maxPain: number | null;
  readonly gex: JsonObject;
  readonly ivSkew: JsonObject;
  readonly futuresBasis: JsonObject | null;
  readonly vixDivergence: number | null;
}

/** The numbers of each part, in the contract's order. */
export const contextNumbers = [
  ...['spot_price', 'spot_change', 'spot_change_pct', 'atm_strike', 'atm_iv', 'days_to_expiry', 'lot_size'],
  ...['total_call_oi', 'total_put_oi', 'total_call_volume', 'total_put_volume', 'pcr_ratio', 'max_pain_strike'],
] as const;
export const optionNumbers = [
  ...['ltp', 'bid', 'ask', 'volume', 'oi', 'iv', 'price', 'delta', 'gamma', 'theta', 'vega', 'rho'],
  ...['intrinsic', 'time_value', 'oi_pct', 'volume_pct', 'oi_change'],
] as const;
export const pcrNumbers = ['oi', 'volume'] as const;
export const gexNumbers = ['net', 'call', 'put', 'call_wall', 'put_wall', 'zero_gamma'] as const;
export const skewNumbers = ['put_iv', 'call_iv', 'skew'] as const;
export const basisNumbers = ['basis', 'basis_pct', 'fair_value', 'mispricing', 'annualised_pct'] as const;

const mostOptions = 2000;
const longestSymbol = 32;
const ivSources: readonly unknown[] = ['feed', 'mid', 'last', null];
const buildupTypes: readonly unknown[] = [
  ...['long_buildup', 'short_buildup', 'long_unwinding', 'short_covering', 'neutral', null],
];

/**
 * Decodes the value of a `market.enriched` record. Every field of the contract must be there; unknown ones are not looked at.
 *
 * @throws BadInputError `DECODE_FAILED` when it is not UTF-8 JSON, `CONTRACT_VIOLATED` with the path of the first wrong field
 */
export function decodeEnriched(value: Buffer | null): EnrichedSnapshot {
  const message = requireObject(parseJson(value), '', 'message');
  const { symbol_id: symbolId } = message;
  if (typeof symbolId !== 'number' || !Number.isSafeInteger(symbolId) || symbolId < 0) {
    throw violation('', 'symbol_id', `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`, symbolId);
  }
  const symbol = requireText(message.symbol, '', 'symbol', longestSymbol);
  const expiry = expiryOf(message.expiry);
  const timestamp = timestampOf(message.timestamp);
  const context = requireObject(message.context, '', 'context');
  requirePositive(context.spot_price, 'context', 'spot_price');
  requireNumbers(context, 'context', contextNumbers);
  const options = optionsOf(message.options);
  const analyses = requireObject(message.analyses, '', 'analyses');
  const part = (name: string, numbers: readonly string[]): JsonObject => {
    const object = requireObject(analyses[name], 'analyses', name);
    requireNumbers(object, `analyses.${name}`, numbers);
    return object;
  };
  return {
    ...{ symbolId, symbol, ...expiry, ...timestamp, context, options },
    pcr: part('pcr', pcrNumbers),
    maxPain: numberOrNull(analyses.max_pain, 'analyses', 'max_pain'),
    gex: part('gex', gexNumbers),
    ivSkew: part('iv_skew', skewNumbers),
    futuresBasis: analyses.futures_basis === null ? null : part('futures_basis', basisNumbers),
    vixDivergence: numberOrNull(analyses.vix_divergence, 'analyses', 'vix_divergence'),
  };
}

function expiryOf(value: unknown): { expiry: string; expiryDay: number } {
  const atMs = typeof value === 'string' ? expiryInstant(value) : null;
  if (typeof value !== 'string' || atMs === null) throw violation('', 'expiry', 'a real date, YYYY-MM-DD', value);
  return { expiry: value, expiryDay: (atMs - expiryOfDayMs) / dayMs };
}

function timestampOf(value: unknown): { timestamp: string | number; timestampMs: number } {
  if (typeof value === 'string') {
    const atMs = parseTimestamp(value);
    if (atMs !== null) return { timestamp: value, timestampMs: atMs };
  } else if (typeof value === 'number' && Number.isInteger(value)) {
    if (value >= instantBounds.min && value <= instantBounds.max) return { timestamp: value, timestampMs: value };
  }
  throw violation('', 'timestamp', 'ISO 8601 with seconds and zone, or integer epoch milliseconds', value);
}

function optionsOf(value: unknown): readonly EnrichedOption[] {
  if (!Array.isArray(value)) throw violation('', 'options', 'an array', value);
  if (value.length > mostOptions) throw violation('', 'options', `at most ${mostOptions} entries`, value);
  let lastStrike = 0;
  let lastType = '';
  for (const [index, one] of value.entries()) {
    const { strike, option_type: type } = requireOption(one, index);
    if (strike < lastStrike || (strike === lastStrike && !(lastType === 'CE' && type === 'PE'))) {
      throw violation(index, 'strike', `an option behind ${lastStrike} ${lastType}, in order, each once`, strike);
    }
    lastStrike = strike;
    lastType = type;
  }
  return value as readonly EnrichedOption[];
}

function requireOption(value: unknown, index: number): { strike: number; option_type: string } {
  const option = requireObject(value, index, '');
  const { option_type: type, iv_source: source, illiquid, buildup_type: buildup } = option;
  const strike = requirePositive(option.strike, index, 'strike');
  if (type !== 'CE' && type !== 'PE') throw violation(index, 'option_type', '"CE" or "PE"', type);
  requireNumbers(option, index, optionNumbers);
  if (!ivSources.includes(source)) throw violation(index, 'iv_source', '"feed", "mid", "last" or null', source);
  if (typeof illiquid !== 'boolean') throw violation(index, 'illiquid', 'true or false', illiquid);
  if (!buildupTypes.includes(buildup)) throw violation(index, 'buildup_type', 'a kind of build-up or null', buildup);
  return { strike, option_type: type };
}

function requireNumbers(object: JsonObject, owner: Owner, names: readonly string[]): void {
  for (const name of names) numberOrNull(object[name], owner, name);
}

function numberOrNull(value: unknown, owner: Owner, name: string): number | null {
  if (value === null) return null;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw violation(owner, name, 'a number or null', value);
  return value;
}
