import type { StrikeRow } from './strikes.ts';
import type { ValuedOption } from './valuation.ts';

/** Gamma exposure of a chain: what dealers' delta changes by, in currency, when the spot moves by 1 %. */
export interface GammaExposure {
  /** Calls plus puts. */
  readonly net: number;
  /** At least 0. */
  readonly call: number;
  /** At most 0. */
  readonly put: number;
  /** The strike with the largest call exposure, the lowest on a tie; `null` when there is none. */
  readonly callWall: number | null;
  /** The same of puts, by absolute value. */
  readonly putWall: number | null;
  /** The price level where the running sum of net exposure over ascending strikes changes sign; `null` when never. */
  readonly zeroGamma: number | null;
}

/**
 * Gamma x OI x lot size x S^2 x 0.01 of every contract, calls positive and puts negative: the usual convention that
 * dealers are long the calls and short the puts that the public trades.
 */
export function gammaExposure(rows: readonly StrikeRow[], spot: number, lotSize: number | null): GammaExposure {
  const unit = (lotSize ?? 1) * ((spot * spot) / 100);
  let call = 0;
  let put = 0;
  let callWall: number | null = null;
  let putWall: number | null = null;
  let largestCall = 0;
  let largestPut = 0;
  const crossing = makeCrossing();
  for (const row of rows) {
    const callExposure = exposureOf(row.call) * unit;
    const putExposure = exposureOf(row.put) * unit;
    call += callExposure;
    put -= putExposure;
    if (callExposure > largestCall) {
      largestCall = callExposure;
      callWall = row.strike;
    }
    if (putExposure > largestPut) {
      largestPut = putExposure;
      putWall = row.strike;
    }
    crossing.add(row.strike, callExposure - putExposure);
  }
  return { net: call + put, call, put, callWall, putWall, zeroGamma: crossing.found() };
}

function exposureOf(option: ValuedOption | null): number {
  return (option?.greeks?.gamma ?? 0) * (option?.quote.oi ?? 0);
}

/**
 * Follows a running sum over ascending strikes to where it first changes sign. A sum of 0 has no sign: it starts nothing,
 * and a sum that comes from above 0, rests on 0 and goes on below it crosses where it leaves 0.
 */
function makeCrossing(): { add(strike: number, net: number): void; found(): number | null } {
  let sum = 0;
  let sign = 0;
  let previousStrike = 0;
  let level: number | null = null;
  return {
    add(strike, net) {
      const before = sum;
      sum += net;
      if (level === null && sign * sum < 0) {
        level = previousStrike + ((strike - previousStrike) * before) / (before - sum);
      }
      if (sum !== 0) sign = Math.sign(sum);
      previousStrike = strike;
    },
    found: () => level,
  };
}
