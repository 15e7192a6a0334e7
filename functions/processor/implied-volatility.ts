import { subtract } from '../market/decimal.ts';
import type { Market } from './black-scholes.ts';
import { exp, ln } from './elementary.ts';
import { densityFrom, normalCdfFrom } from './normal.ts';

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
  const { carriedSpot, rootYears } = market;
  const discountedStrike = strike * market.discount;
  const inTheMoney = isCall ? carriedSpot > discountedStrike : discountedStrike > carriedSpot;
  const target = inTheMoney ? timeValue(market, strike, isCall, price) : price;
  const inner = Math.min(carriedSpot, discountedStrike);
  if (!(target > 0 && target < inner)) return null;
  const s = solve(
    makeCurve(inner, Math.max(carriedSpot, discountedStrike)),
    target,
    volatilityBounds.min * rootYears,
    volatilityBounds.max * rootYears,
  );
  return s === null ? null : s / rootYears;
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

/** The price of an option out of the money over s: inner N(d1) - outer N(d2), with inner <= outer. */
interface Curve {
  readonly inner: number;
  readonly outer: number;
  /** inner / outer and its logarithm, at most 0. */
  readonly ratio: number;
  readonly moneyness: number;
}

function makeCurve(inner: number, outer: number): Curve {
  const ratio = inner / outer;
  return { inner, outer, ratio, moneyness: ln(ratio) };
}

/** Price and slope at one s share their exponential: inner n(d1) = outer n(d2). */
function priceAt({ inner, outer, ratio, moneyness }: Curve, s: number, exponential: number): number {
  const d1 = moneyness / s + 0.5 * s;
  return inner * normalCdfFrom(d1, exponential) - outer * normalCdfFrom(d1 - s, exponential * ratio);
}

function exponentialAt({ moneyness }: Curve, s: number): number {
  const d1 = moneyness / s + 0.5 * s;
  return exp(-0.5 * d1 * d1);
}

function solve(curve: Curve, target: number, least: number, most: number): number | null {
  const { inner, outer, moneyness } = curve;
  let low = least;
  let high = most;
  let isBracketed = false;
  let s = Math.min(Math.max(Math.sqrt(-2 * moneyness), least), most);
  let exponential = exponentialAt(curve, s);
  let price = priceAt(curve, s, exponential);
  const isBelowInflection = target < price;
  const targetDepth = -ln(target / outer);
  for (let step = 0; step < allSteps; step += 1) {
    if (price > target) high = s;
    else low = s;
    const slope = inner * densityFrom(exponential);
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
      if (!isBracketed && !hasRoot(curve, target, least, most)) return null;
      isBracketed = true;
      next = 0.5 * (low + high);
      accuracy = 1e-13;
    }
    const moved = Math.abs(next - s);
    s = next;
    // A step of Halley's leaves an error of the order of its cube.
    if (moved <= accuracy * s) return s;
    exponential = exponentialAt(curve, s);
    price = priceAt(curve, s, exponential);
  }
  return s;
}

function hasRoot(curve: Curve, target: number, least: number, most: number): boolean {
  const lowest = priceAt(curve, least, exponentialAt(curve, least));
  const highest = priceAt(curve, most, exponentialAt(curve, most));
  return lowest <= target && target <= highest;
}
