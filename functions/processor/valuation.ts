import { mean, subtract } from '../market/decimal.ts';
import { type Market, type Valuation, valueOption } from './black-scholes.ts';
import type { Quote } from './chain.ts';
import { impliedVolatility } from './implied-volatility.ts';

/** What a contract's volatility came from: the feed, or solved from the mid or the last price. */
export type IvSource = 'feed' | 'mid' | 'last';

/** A contract with its volatility and what follows from it; unrounded. */
export interface ValuedOption {
  readonly quote: Quote;
  /** Percent a year. */
  readonly iv: number | null;
  readonly ivSource: IvSource | null;
  readonly price: number | null;
  /** `null` when there is no volatility, or the contract has expired. */
  readonly greeks: Valuation | null;
  /** What exercise would pay now, undiscounted. */
  readonly intrinsic: number;
}

/** Values one contract; `market` is `null` once it has expired, when it is worth its intrinsic value. */
export function valueQuote(quote: Quote, spot: number, market: Market | null): ValuedOption {
  const intrinsic = intrinsicValue(quote, spot);
  if (market === null) return { quote, iv: null, ivSource: null, price: intrinsic, greeks: null, intrinsic };
  const isCall = quote.type === 'CE';
  const ivSource = chooseSource(quote);
  if (ivSource === 'feed' && quote.iv !== null) {
    const greeks = valueOption(market, quote.strike, isCall, quote.iv / 100);
    return { quote, iv: quote.iv, ivSource, price: greeks.price, greeks, intrinsic };
  }
  const price = ivSource === 'mid' ? mean(quote.bid ?? 0, quote.ask ?? 0) : (quote.ltp ?? 0);
  const sigma = ivSource === null ? null : impliedVolatility(market, quote.strike, isCall, price);
  if (sigma === null) return { quote, iv: null, ivSource: null, price: null, greeks: null, intrinsic };
  // Its model price is the one it was solved from: taken as it is, a mid that lies on a tie rounds as its decimals say.
  const greeks = valueOption(market, quote.strike, isCall, sigma);
  return { quote, iv: 100 * sigma, ivSource, price, greeks, intrinsic };
}

/** max(S - K, 0) of a call, max(K - S, 0) of a put. */
function intrinsicValue(quote: Quote, spot: number): number {
  const isCall = quote.type === 'CE';
  return Math.max(isCall ? subtract(spot, quote.strike) : subtract(quote.strike, spot), 0);
}

/**
 * The best source there is. A price that turns out to have no volatility is not replaced by the next one: a mid outside
 * the no-arbitrage bounds says that the quote is wrong, and an older trade cannot mend it.
 */
function chooseSource(quote: Quote): IvSource | null {
  if (quote.iv !== null && quote.iv > 0) return 'feed';
  if (quote.bid !== null && quote.ask !== null && quote.bid > 0 && quote.ask >= quote.bid) return 'mid';
  return quote.ltp !== null && quote.ltp > 0 ? 'last' : null;
}
