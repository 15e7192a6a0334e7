import { subtract } from '../market/decimal.ts';
import { contract, type Market } from './black-scholes.ts';
import { exp, ln } from './elementary.ts';
import { densityFrom, findCdf, normal } from './normal.ts';

/** Volatilities that are looked for, as fractions a year: 0.01 % to 1000 %. */
export const volatilityBounds = { min: 1e-4, max: 10 } as const;

/** Halley takes three or four steps; past this many, halving the bracket ends the search for certain. */
const halleySteps = 20;
const allSteps = 100;

/**
 * The volatility (a fraction a year) at which the Black-Scholes-Merton price is `price`; `null` when the price is
 * outside the no-arbitrage bounds or no volatility from 0.01 % to 1000 % gives it. It reprices to within a few units in
 * the last place of spot and strike (1e-11 for an index level).
 *
 * The search is on the side of the strike that is out of the money (put-call parity), where the price is all time value
 * and keeps its digits, and in s = sigma sqrt(T). It starts at the inflection of the price, s = sqrt(2 |ln(F/K)|)
 * (Manaster and Koehler, Journal of Finance 37, 1982). Above it the price bends one way only; below, it falls like
 * e^(-1/s^2), so that 1/sqrt(-ln price) is near to linear in s (after Jaeckel, "By implication", 2006). Halley's steps
 * are held inside a bracket of the root.
 */
export function impliedVolatility(market: Market, strike: number, isCall: boolean, price: number): number | null {
  contract.strike = strike;
  contract.price = price;
  return findVolatility(market, isCall) ? contract.sigma : null;
}

/** {@link impliedVolatility} of the contract's strike and price; leaves it as its sigma. False when there is none. */
export function findVolatility(market: Market, isCall: boolean): boolean {
  const { carriedSpot, rootYears } = market;
  const { strike, price } = contract;
  const discountedStrike = strike * market.discount;
  const inTheMoney = isCall ? carriedSpot > discountedStrike : discountedStrike > carriedSpot;
  const target = inTheMoney ? timeValue(market, strike, isCall, price) : price;
  const inner = Math.min(carriedSpot, discountedStrike);
  if (!(target > 0 && target < inner)) return false;
  curve.inner = inner;
  curve.outer = Math.max(carriedSpot, discountedStrike);
  curve.ratio = inner / curve.outer;
  curve.moneyness = ln(curve.ratio);
  curve.target = target;
  if (!solve(volatilityBounds.min * rootYears, volatilityBounds.max * rootYears)) return false;
  contract.sigma = curve.s / rootYears;
  return true;
}

/**
 * What a price is above its lower bound S e^(-qT) - K e^(-rT), or the negative of it for a put. The exact intrinsic value
 * goes first and the small effect of the rates after it: in one subtraction an hour from expiry, a tick's time value would
 * be left with ten digits.
 */
function timeValue(market: Market, strike: number, isCall: boolean, price: number): number {
  const carry = strike * market.discountLost - market.dividendsLost;
  return isCall
    ? subtract(price, subtract(market.spot, strike)) - carry
    : subtract(price, subtract(strike, market.spot)) + carry;
}

/**
 * The price of an option out of the money over s, inner N(d1) - outer N(d2) with inner <= outer, and its search. There is one,
 * since an object a search, and numbers that pass calls as arguments, would be allocated. `ratio` is inner / outer,
 * `moneyness` its logarithm, at most 0, `target` the price that is looked for. Price and slope at `s` share their
 * exponential: inner n(d1) = outer n(d2).
 */
const curve = {
  inner: Number.NaN,
  outer: Number.NaN,
  ratio: Number.NaN,
  moneyness: Number.NaN,
  target: Number.NaN,
  s: Number.NaN,
  exponential: Number.NaN,
  price: Number.NaN,
};

/** Goes to the s that the curve was given. */
function goOn(): void {
  const { s } = curve;
  const d1 = curve.moneyness / s + 0.5 * s;
  const exponential = exp(-0.5 * d1 * d1);
  curve.exponential = exponential;
  normal.x = d1;
  normal.exponential = exponential;
  findCdf();
  const first = curve.inner * normal.cdf;
  normal.x = d1 - s;
  normal.exponential = exponential * curve.ratio;
  findCdf();
  curve.price = first - curve.outer * normal.cdf;
}

/** Leaves the s of the price that is looked for in the curve; false when there is none. */
function solve(least: number, most: number): boolean {
  const { inner, outer, moneyness, target } = curve;
  let low = least;
  let high = most;
  let isBracketed = false;
  curve.s = Math.min(Math.max(Math.sqrt(-2 * moneyness), least), most);
  goOn();
  const isBelowInflection = target < curve.price;
  const targetDepth = -ln(target / outer);
  for (let step = 0; step < allSteps; step += 1) {
    const { s, price } = curve;
    if (price > target) high = s;
    else low = s;
    const slope = inner * densityFrom(curve.exponential);
    // The second derivative over the first, of the price.
    let bend = (moneyness * moneyness) / (s * s * s) - 0.25 * s;
    let newton = (target - price) / slope;
    if (isBelowInflection) {
      const depth = -ln(price / outer);
      newton = (2 * depth * (Math.sqrt(depth / targetDepth) - 1) * price) / slope;
      bend += ((1.5 / depth - 1) * slope) / price;
    }
    let next = s + newton / Math.max(1 + 0.5 * newton * bend, 0.5);
    let accuracy = 1e-6;
    // The negated form also catches NaN, where the price or its slope has underflowed.
    if (step >= halleySteps || !(next >= low && next <= high)) {
      // The ends are looked at only now: from the inflection most searches never come near them.
      if (!isBracketed && !hasRoot(least, most)) return false;
      isBracketed = true;
      next = 0.5 * (low + high);
      accuracy = 1e-13;
    }
    const moved = Math.abs(next - s);
    curve.s = next;
    // A step of Halley's leaves an error of the order of its cube.
    if (moved <= accuracy * next) return true;
    goOn();
  }
  return true;
}

function hasRoot(least: number, most: number): boolean {
  curve.s = least;
  goOn();
  if (!(curve.price <= curve.target)) return false;
  curve.s = most;
  goOn();
  return curve.target <= curve.price;
}
