import type { Market } from './black-scholes.ts';
import { subtract } from './decimal.ts';
import { ln } from './elementary.ts';
import { normalCdf, normalDensity } from './normal.ts';

/** Volatilities that are looked for, as fractions a year: 0.01 % to 1000 %. */
export const volatilityBounds = { min: 1e-4, max: 10 } as const;

/** Newton takes four to six steps; past this many, halving the bracket ends the search for certain. */
const newtonSteps = 30;
const allSteps = 120;

/**
 * The volatility (a fraction a year) at which the Black-Scholes-Merton price is `price`; `null` when the price is
 * outside the no-arbitrage bounds or no volatility from 0.01 % to 1000 % gives it. It reprices to within a few units in
 * the last place of spot and strike (1e-10 for an index level).
 *
 * The search is on the side of the strike that is out of the money (put-call parity), where the price is all time value
 * and keeps its digits, and in s = sigma sqrt(T). It starts at the inflection of the price, s = sqrt(2 |ln(F/K)|)
 * (Manaster and Koehler, Journal of Finance 37, 1982), from where Newton cannot overshoot upwards; downwards the price
 * falls like e^(-1/s^2), so that 1/sqrt(-ln price) is near to linear in s (after Jaeckel, "By implication", 2006). Every
 * step is held inside a bracket of the root.
 */
export function impliedVolatility(market: Market, strike: number, isCall: boolean, price: number): number | null {
  const discountedStrike = strike * market.discount;
  const { carriedSpot, rootYears } = market;
  const inner = Math.min(carriedSpot, discountedStrike);
  const outer = Math.max(carriedSpot, discountedStrike);
  const inTheMoney = isCall ? carriedSpot > discountedStrike : discountedStrike > carriedSpot;
  const target = inTheMoney ? timeValue(market, strike, isCall, price) : price;
  if (!(target > 0 && target < inner)) return null;

  const moneyness = ln(inner / outer);
  const priceAt = (s: number): number =>
    inner * normalCdf(moneyness / s + 0.5 * s) - outer * normalCdf(moneyness / s - 0.5 * s);
  let low = volatilityBounds.min * rootYears;
  let high = volatilityBounds.max * rootYears;
  if (!(priceAt(low) <= target && priceAt(high) >= target)) return null;

  const inflection = Math.min(Math.max(Math.sqrt(-2 * moneyness), low), high);
  const isBelowInflection = target < priceAt(inflection);
  const targetDepth = -ln(target / outer);
  let s = inflection;
  for (let step = 0; step < allSteps; step += 1) {
    const current = priceAt(s);
    if (current > target) high = s;
    else low = s;
    const slope = inner * normalDensity(moneyness / s + 0.5 * s);
    let next = s + (target - current) / slope;
    if (isBelowInflection) {
      const depth = -ln(current / outer);
      const change = 1 / Math.sqrt(targetDepth) - 1 / Math.sqrt(depth);
      next = s + (2 * change * depth * Math.sqrt(depth) * current) / slope;
    }
    // The negated form also catches NaN, where the price or its slope has underflowed.
    if (step >= newtonSteps || !(next >= low && next <= high)) next = 0.5 * (low + high);
    const moved = Math.abs(next - s);
    s = next;
    if (moved <= 1e-12 * s) break;
  }
  return s / rootYears;
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
