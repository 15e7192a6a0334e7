import { mean, percentOf, subtract } from '../market/decimal.ts';
import { nearestRow, type StrikeRow } from './strikes.ts';

/** The strike at the money, and its volatility in percent. */
export interface AtTheMoney {
  /** The listed strike nearest to the spot, the lower on a tie; `null` for an empty chain. */
  readonly strike: number | null;
  /** The mean of the volatilities known at that strike. */
  readonly iv: number | null;
}

/** The price of protection against that of upside, in volatility points. */
export interface VolatilitySkew {
  /** Of the put listed nearest to 0.95 S. */
  readonly putIv: number | null;
  /** Of the call listed nearest to 1.05 S. */
  readonly callIv: number | null;
  /** Put less call. */
  readonly skew: number | null;
}

/** Finds the strike at the money. */
export function atTheMoney(rows: readonly StrikeRow[], spot: number): AtTheMoney {
  const row = nearestRow(rows, spot, () => true);
  if (row === null) return { strike: null, iv: null };
  const callIv = row.call?.iv ?? null;
  const putIv = row.put?.iv ?? null;
  const iv = callIv !== null && putIv !== null ? mean(callIv, putIv) : (callIv ?? putIv);
  return { strike: row.strike, iv };
}

/** Measures the skew between the put 5 % below and the call 5 % above the spot; each the lower strike on a tie. */
export function volatilitySkew(rows: readonly StrikeRow[], spot: number): VolatilitySkew {
  const putIv = nearestRow(rows, percentOf(spot, 95), (row) => row.put !== null)?.put?.iv ?? null;
  const callIv = nearestRow(rows, percentOf(spot, 105), (row) => row.call !== null)?.call?.iv ?? null;
  return { putIv, callIv, skew: putIv === null || callIv === null ? null : subtract(putIv, callIv) };
}
