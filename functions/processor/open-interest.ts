import type { Quote } from './chain.ts';
import type { StrikeRow } from './strikes.ts';

/** Sums over a chain, contracts; an absent open interest or volume counts as 0. */
export interface Totals {
  readonly callOi: number;
  readonly putOi: number;
  readonly callVolume: number;
  readonly putVolume: number;
}

/** Adds up open interest and volume by option type. */
export function sumTotals(quotes: readonly Quote[]): Totals {
  let callOi = 0;
  let putOi = 0;
  let callVolume = 0;
  let putVolume = 0;
  for (const { type, oi, volume } of quotes) {
    if (type === 'CE') {
      callOi += oi ?? 0;
      callVolume += volume ?? 0;
    } else {
      putOi += oi ?? 0;
      putVolume += volume ?? 0;
    }
  }
  return { callOi, putOi, callVolume, putVolume };
}

/** The put-call ratio; `null` when there is nothing to divide by. */
export function putCallRatio(put: number, call: number): number | null {
  return call === 0 ? null : put / call;
}

/**
 * The listed strike at which all open contracts together pay the least intrinsic value, the lowest on a tie; `null`
 * without open interest.
 *
 * From one strike to the next the sum rises by the distance times (calls at or below, less puts above). That factor only
 * grows with the strike, so the minimum is the first strike from which the sum does not fall: exact, in one pass.
 */
export function maxPain(rows: readonly StrikeRow[], totals: Totals): number | null {
  if (totals.callOi + totals.putOi === 0) return null;
  let callsBelow = 0;
  let putsAbove = totals.putOi;
  for (const { strike, call, put } of rows) {
    callsBelow += call?.quote.oi ?? 0;
    putsAbove -= put?.quote.oi ?? 0;
    if (callsBelow >= putsAbove) return strike;
  }
  return rows.at(-1)?.strike ?? null;
}
