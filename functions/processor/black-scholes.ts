import { exp, expMinusOne, ln } from './elementary.ts';
import { densityFrom, findCdf, normal } from './normal.ts';
import type { Rates } from './rates.ts';

/** What all contracts of one chain are priced from. */
export interface Market {
  /** S, the price of the underlying. */
  readonly spot: number;
  /** T, years to expiry; above 0. */
  readonly years: number;
  readonly rootYears: number;
  readonly rates: Rates;
  /** e^(-rT). */
  readonly discount: number;
  /** S e^(-qT), the spot less the dividends paid until expiry. */
  readonly carriedSpot: number;
  /** 1 - e^(-rT), with the digits that the difference of the two would lose. */
  readonly discountLost: number;
  /** S - S e^(-qT), likewise. */
  readonly dividendsLost: number;
}

/** A contract's price and Greeks by Black-Scholes-Merton, unrounded. */
export interface Valuation {
  readonly price: number;
  readonly delta: number;
  readonly gamma: number;
  /** Per calendar day. */
  readonly theta: number;
  /** Per volatility point (1 %). */
  readonly vega: number;
  /** Per percentage point of the risk-free rate. */
  readonly rho: number;
}

/** Gathers what does not depend on the contract. `years` must be above 0. */
export function makeMarket(spot: number, years: number, rates: Rates): Market {
  return {
    spot,
    years,
    rootYears: Math.sqrt(years),
    rates,
    discount: exp(-rates.riskFree * years),
    carriedSpot: spot * exp(-rates.dividendYield * years),
    discountLost: -expMinusOne(-rates.riskFree * years),
    dividendsLost: -spot * expMinusOne(-rates.dividendYield * years),
  };
}

/**
 * Price and Greeks of a European option on an underlying with a continuous dividend yield: Black-Scholes-Merton, as in
 * Hull, Options, Futures and Other Derivatives (the chapters on stock indices and on the Greek letters).
 *
 * @param sigma volatility as a fraction a year; above 0.
 */
export function valueOption(market: Market, strike: number, isCall: boolean, sigma: number): Valuation {
  contract.strike = strike;
  contract.logMoneyness = logMoneyness(market, strike);
  contract.sigma = sigma;
  valueInto(scratch, 0, 1, market, isCall);
  const [price = 0, delta = 0, gamma = 0, theta = 0, vega = 0, rho = 0] = scratch;
  return { price, delta, gamma, theta, vega, rho };
}

const scratch = new Float64Array(6);

/** ln of the carried spot over the discounted strike, which call and put of a strike share. */
export function logMoneyness(market: Market, strike: number): number {
  return ln(market.carriedSpot / (strike * market.discount));
}

/**
 * The contract that {@link valueInto} values, or whose volatility is looked for from its price: as arguments these numbers
 * would be put into boxes on the heap.
 */
export const contract = { strike: Number.NaN, logMoneyness: Number.NaN, sigma: Number.NaN, price: Number.NaN };

/** {@link valueOption} without an object: price, delta, gamma, theta, vega and rho go to `at`, `at + stride`, ... */
export function valueInto(out: Float64Array, at: number, stride: number, market: Market, isCall: boolean): void {
  const { spot, years, rootYears, rates, carriedSpot } = market;
  const { sigma } = contract;
  const discountedStrike = contract.strike * market.discount;
  const deviation = sigma * rootYears;
  const d1 = contract.logMoneyness / deviation + 0.5 * deviation;
  const d2 = d1 - deviation;
  // N(-d) is taken from its own tail and not as 1 - N(d): a put far out of the money keeps all its digits.
  const sign = isCall ? 1 : -1;
  const exponential = exp(-0.5 * d1 * d1);
  normal.x = sign * d1;
  normal.exponential = exponential;
  findCdf();
  const spotLeg = sign * carriedSpot * normal.cdf;
  normal.x = sign * d2;
  normal.exponential = exp(-0.5 * d2 * d2);
  findCdf();
  const strikeLeg = sign * discountedStrike * normal.cdf;
  const density = densityFrom(exponential);
  out[at] = spotLeg - strikeLeg;
  out[at + stride] = spotLeg / spot;
  out[at + 2 * stride] = (carriedSpot * density) / (spot * spot * deviation);
  out[at + 3 * stride] =
    (rates.dividendYield * spotLeg - rates.riskFree * strikeLeg - (carriedSpot * density * sigma) / (2 * rootYears)) /
    365;
  out[at + 4 * stride] = (carriedSpot * density * rootYears) / 100;
  out[at + 5 * stride] = (years * strikeLeg) / 100;
}
