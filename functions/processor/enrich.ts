import { yearMs } from '../market/calendar.ts';
import { subtract } from '../market/decimal.ts';
import { makeMarket } from './black-scholes.ts';
import type { Chain } from './chain.ts';
import { type FuturesBasis, futuresBasis } from './futures-basis.ts';
import { type GammaExposure, gammaExposure } from './gamma-exposure.ts';
import { maxPain, sumTotals, type Totals } from './open-interest.ts';
import type { Rates } from './rates.ts';
import { groupByStrike } from './strikes.ts';
import { type ValuedOption, valueQuote } from './valuation.ts';
import { type AtTheMoney, atTheMoney, type VolatilitySkew, volatilitySkew } from './volatility-skew.ts';

/** A chain with all that is computed from it, unrounded. */
export interface EnrichedChain {
  readonly chain: Chain;
  /** In the order of the chain's quotes. */
  readonly options: readonly ValuedOption[];
  /** 0 once expired. */
  readonly daysToExpiry: number;
  readonly totals: Totals;
  readonly atm: AtTheMoney;
  readonly maxPain: number | null;
  readonly exposure: GammaExposure;
  readonly skew: VolatilitySkew;
  readonly basis: FuturesBasis | null;
  /** ATM volatility less the volatility index, in points. */
  readonly vixDivergence: number | null;
}

/** Computes everything of `market.enriched` that needs more than one contract's own fields. */
export function enrichChain(chain: Chain, rates: Rates): EnrichedChain {
  const { spot, vix } = chain;
  const leftMs = Math.max(chain.expiresAtMs - chain.timestampMs, 0);
  const market = leftMs > 0 ? makeMarket(spot, leftMs / yearMs, rates) : null;
  const options = chain.quotes.map((quote) => valueQuote(quote, spot, market));
  const rows = groupByStrike(options);
  const totals = sumTotals(chain.quotes);
  const atm = atTheMoney(rows, spot);
  return {
    chain,
    options,
    daysToExpiry: leftMs / 86_400_000,
    totals,
    atm,
    maxPain: maxPain(rows, totals),
    exposure: gammaExposure(rows, spot, chain.lotSize),
    skew: volatilitySkew(rows, spot),
    basis: futuresBasis(chain, rates),
    vixDivergence: atm.iv === null || vix === null ? null : subtract(atm.iv, vix),
  };
}
