import { yearMs } from '../market/calendar.ts';
import { percentAbove, subtract } from '../market/decimal.ts';
import type { Chain } from './chain.ts';
import { exp, lnOnePlus } from './elementary.ts';
import type { Rates } from './rates.ts';

/** How the future stands to its underlying. */
export interface FuturesBasis {
  /** F - S. */
  readonly basis: number;
  /** Of S, percent. */
  readonly basisPct: number;
  /** S e^((r-q) Tf): cost of carry (Hull, the chapter on forward and futures prices). */
  readonly fairValue: number;
  /** F less the fair value. */
  readonly mispricing: number;
  /** 100 ln(F/S) / Tf, the continuous annual rate that the basis amounts to; `null` once the future has expired. */
  readonly annualisedPct: number | null;
}

/** Compares the future with the spot; `null` when the snapshot has no price of a future. */
export function futuresBasis(chain: Chain, rates: Rates): FuturesBasis | null {
  const { spot, future } = chain;
  const price = future?.ltp ?? null;
  if (future === null || price === null) return null;
  return compareFuture(price, spot, future.expiresAtMs - chain.timestampMs, rates);
}

/**
 * Compares the price of a future with the spot; `leftMs` is the time that the future still runs. F is near to S: the
 * annualised rate is taken of ln(1 + (F - S)/S), which keeps the digits that ln(F/S) loses.
 */
export function compareFuture(price: number, spot: number, leftMs: number, rates: Rates): FuturesBasis {
  // After expiry Tf is negative and discounts, as the formula says; only the annualised rate has no meaning then.
  const years = leftMs / yearMs;
  const basis = subtract(price, spot);
  const fairValue = spot * exp((rates.riskFree - rates.dividendYield) * years);
  return {
    basis,
    basisPct: percentAbove(price, spot),
    fairValue,
    mispricing: price - fairValue,
    annualisedPct: years > 0 ? (100 * lnOnePlus(basis / spot)) / years : null,
  };
}
