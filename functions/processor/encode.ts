import { Buffer } from 'node:buffer';
import { mostBytesPerOption, writeOption } from './encode-option.ts';
import type { EnrichedChain } from './enrich.ts';
import { putCallRatio } from './open-interest.ts';
import { type Digits, digitsOf, roundDecimal } from './rounding.ts';

/** What surrounds the options takes less than this, with a symbol of 32 characters of six bytes each. */
const mostBytesAround = 4096;
const comma = 0x2c;

/** Handlers are synchronous, so one buffer serves all messages; it grows to the largest chain and is never given out. */
let scratch = Buffer.allocUnsafeSlow(128 * 1024);

/**
 * The bytes of a `market.enriched` message: every field of the contract, in its order, derived values rounded. The same
 * chain always gives the same bytes.
 */
export function encodeChain(enriched: EnrichedChain): Buffer {
  const needed = mostBytesAround + enriched.options.length * mostBytesPerOption;
  if (scratch.length < needed) scratch = Buffer.allocUnsafeSlow(needed);
  const out = scratch;
  let at = out.write(`{${head(enriched)},"options":[`, 0);
  let isFirst = true;
  for (const option of enriched.options) {
    if (!isFirst) {
      out[at] = comma;
      at += 1;
    }
    isFirst = false;
    at = writeOption(out, at, option, enriched.totals);
  }
  at += out.write(`],${tail(enriched)}}`, at);
  return Buffer.from(out.subarray(0, at));
}

function head({ chain, daysToExpiry, totals, atm, maxPain }: EnrichedChain): string {
  return (
    `"symbol_id":${chain.symbolId},"symbol":${JSON.stringify(chain.symbol)},"expiry":"${chain.expiry}",` +
    `"timestamp":${typeof chain.timestamp === 'string' ? `"${chain.timestamp}"` : chain.timestamp},` +
    `"context":{"spot_price":${given(chain.spot)},"spot_change":${given(chain.spotChange)},` +
    `"spot_change_pct":${given(chain.spotChangePct)},"atm_strike":${given(atm.strike)},` +
    `"atm_iv":${rounded(atm.iv, digitsOf.percent)},"days_to_expiry":${rounded(daysToExpiry, digitsOf.days)},` +
    `"lot_size":${given(chain.lotSize)},"total_call_oi":${rounded(totals.callOi, digitsOf.quantity)},` +
    `"total_put_oi":${rounded(totals.putOi, digitsOf.quantity)},` +
    `"total_call_volume":${rounded(totals.callVolume, digitsOf.quantity)},` +
    `"total_put_volume":${rounded(totals.putVolume, digitsOf.quantity)},` +
    `"pcr_ratio":${rounded(putCallRatio(totals.putOi, totals.callOi), digitsOf.ratio)},` +
    `"max_pain_strike":${given(maxPain)}}`
  );
}

function tail({ totals, maxPain, exposure, skew, basis, vixDivergence }: EnrichedChain): string {
  return (
    `"analyses":{"pcr":{"oi":${rounded(putCallRatio(totals.putOi, totals.callOi), digitsOf.ratio)},` +
    `"volume":${rounded(putCallRatio(totals.putVolume, totals.callVolume), digitsOf.ratio)}},` +
    `"max_pain":${given(maxPain)},` +
    `"gex":{"net":${rounded(exposure.net, digitsOf.exposure)},"call":${rounded(exposure.call, digitsOf.exposure)},` +
    `"put":${rounded(exposure.put, digitsOf.exposure)},"call_wall":${given(exposure.callWall)},` +
    `"put_wall":${given(exposure.putWall)},"zero_gamma":${rounded(exposure.zeroGamma, digitsOf.money)}},` +
    `"iv_skew":{"put_iv":${rounded(skew.putIv, digitsOf.percent)},"call_iv":${rounded(skew.callIv, digitsOf.percent)},` +
    `"skew":${rounded(skew.skew, digitsOf.percent)}},` +
    `"futures_basis":${
      basis === null
        ? null
        : `{"basis":${rounded(basis.basis, digitsOf.money)},"basis_pct":${rounded(basis.basisPct, digitsOf.percent)},` +
          `"fair_value":${rounded(basis.fairValue, digitsOf.money)},` +
          `"mispricing":${rounded(basis.mispricing, digitsOf.money)},` +
          `"annualised_pct":${rounded(basis.annualisedPct, digitsOf.percent)}}`
    },` +
    `"vix_divergence":${rounded(vixDivergence, digitsOf.percent)}}`
  );
}

/** A value that is passed on, as text; one that is not a number as null. String(-0) is "0". */
function given(value: number | null): string {
  return value === null || !Number.isFinite(value) ? 'null' : String(value);
}

function rounded(value: number | null, digits: Digits): string {
  return value === null || !Number.isFinite(value) ? 'null' : String(roundDecimal(value, digits));
}
