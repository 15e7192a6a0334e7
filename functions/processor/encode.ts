import { Buffer } from 'node:buffer';
import { digitsOf } from '../market/rounding.ts';
import { mostBytesPerOption, writeOption } from './encode-option.ts';
import type { EnrichedChain } from './enrich.ts';
import { writeBytes, writeGiven, writeRounded } from './json-bytes.ts';
import { putCallRatio } from './open-interest.ts';

/** What surrounds the options takes less than this, with a symbol of 32 characters of six bytes each. */
const mostBytesAround = 4096;
const comma = 0x2c;

/** The text between the numbers, in the contract's order. */
const key = {
  spotChange: Buffer.from(',"spot_change":'),
  spotChangePct: Buffer.from(',"spot_change_pct":'),
  atmStrike: Buffer.from(',"atm_strike":'),
  atmIv: Buffer.from(',"atm_iv":'),
  daysToExpiry: Buffer.from(',"days_to_expiry":'),
  lotSize: Buffer.from(',"lot_size":'),
  totalCallOi: Buffer.from(',"total_call_oi":'),
  totalPutOi: Buffer.from(',"total_put_oi":'),
  totalCallVolume: Buffer.from(',"total_call_volume":'),
  totalPutVolume: Buffer.from(',"total_put_volume":'),
  pcrRatio: Buffer.from(',"pcr_ratio":'),
  maxPainStrike: Buffer.from(',"max_pain_strike":'),
  options: Buffer.from('},"options":['),
  pcrOi: Buffer.from('],"analyses":{"pcr":{"oi":'),
  pcrVolume: Buffer.from(',"volume":'),
  maxPain: Buffer.from('},"max_pain":'),
  gexNet: Buffer.from(',"gex":{"net":'),
  gexCall: Buffer.from(',"call":'),
  gexPut: Buffer.from(',"put":'),
  callWall: Buffer.from(',"call_wall":'),
  putWall: Buffer.from(',"put_wall":'),
  zeroGamma: Buffer.from(',"zero_gamma":'),
  skewPut: Buffer.from('},"iv_skew":{"put_iv":'),
  skewCall: Buffer.from(',"call_iv":'),
  skew: Buffer.from(',"skew":'),
  noBasis: Buffer.from('},"futures_basis":null'),
  basis: Buffer.from('},"futures_basis":{"basis":'),
  basisPct: Buffer.from(',"basis_pct":'),
  fairValue: Buffer.from(',"fair_value":'),
  mispricing: Buffer.from(',"mispricing":'),
  annualised: Buffer.from(',"annualised_pct":'),
  basisEnd: Buffer.from('}'),
  vixDivergence: Buffer.from(',"vix_divergence":'),
  end: Buffer.from('}}'),
};

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
  let at = writeHead(out, enriched);
  let isFirst = true;
  for (const option of enriched.options) {
    if (!isFirst) {
      out[at] = comma;
      at += 1;
    }
    isFirst = false;
    at = writeOption(out, at, option, enriched.totals);
  }
  at = writeTail(out, at, enriched);
  return Buffer.from(out.subarray(0, at));
}

/** All up to the options. What is text comes first: it goes out in one piece. */
function writeHead(out: Buffer, { chain, daysToExpiry, totals, atm, maxPain }: EnrichedChain): number {
  const timestamp = typeof chain.timestamp === 'string' ? `"${chain.timestamp}"` : chain.timestamp;
  let at = out.write(
    `{"symbol_id":${chain.symbolId},"symbol":${JSON.stringify(chain.symbol)},"expiry":"${chain.expiry}",` +
      `"timestamp":${timestamp},"context":{"spot_price":`,
  );
  at = writeGiven(out, at, chain.spot);
  at = writeGiven(out, writeBytes(out, at, key.spotChange), chain.spotChange);
  at = writeGiven(out, writeBytes(out, at, key.spotChangePct), chain.spotChangePct);
  at = writeGiven(out, writeBytes(out, at, key.atmStrike), atm.strike);
  at = writeRounded(out, writeBytes(out, at, key.atmIv), atm.iv, digitsOf.percent);
  at = writeRounded(out, writeBytes(out, at, key.daysToExpiry), daysToExpiry, digitsOf.days);
  at = writeGiven(out, writeBytes(out, at, key.lotSize), chain.lotSize);
  at = writeRounded(out, writeBytes(out, at, key.totalCallOi), totals.callOi, digitsOf.quantity);
  at = writeRounded(out, writeBytes(out, at, key.totalPutOi), totals.putOi, digitsOf.quantity);
  at = writeRounded(out, writeBytes(out, at, key.totalCallVolume), totals.callVolume, digitsOf.quantity);
  at = writeRounded(out, writeBytes(out, at, key.totalPutVolume), totals.putVolume, digitsOf.quantity);
  at = writeRounded(out, writeBytes(out, at, key.pcrRatio), putCallRatio(totals.putOi, totals.callOi), digitsOf.ratio);
  at = writeGiven(out, writeBytes(out, at, key.maxPainStrike), maxPain);
  return writeBytes(out, at, key.options);
}

/** All behind the options. */
function writeTail(out: Buffer, start: number, enriched: EnrichedChain): number {
  const { totals, maxPain, exposure, skew, basis, vixDivergence } = enriched;
  const oiRatio = putCallRatio(totals.putOi, totals.callOi);
  const volumeRatio = putCallRatio(totals.putVolume, totals.callVolume);
  let at = writeRounded(out, writeBytes(out, start, key.pcrOi), oiRatio, digitsOf.ratio);
  at = writeRounded(out, writeBytes(out, at, key.pcrVolume), volumeRatio, digitsOf.ratio);
  at = writeGiven(out, writeBytes(out, at, key.maxPain), maxPain);
  at = writeRounded(out, writeBytes(out, at, key.gexNet), exposure.net, digitsOf.exposure);
  at = writeRounded(out, writeBytes(out, at, key.gexCall), exposure.call, digitsOf.exposure);
  at = writeRounded(out, writeBytes(out, at, key.gexPut), exposure.put, digitsOf.exposure);
  at = writeGiven(out, writeBytes(out, at, key.callWall), exposure.callWall);
  at = writeGiven(out, writeBytes(out, at, key.putWall), exposure.putWall);
  at = writeRounded(out, writeBytes(out, at, key.zeroGamma), exposure.zeroGamma, digitsOf.money);
  at = writeRounded(out, writeBytes(out, at, key.skewPut), skew.putIv, digitsOf.percent);
  at = writeRounded(out, writeBytes(out, at, key.skewCall), skew.callIv, digitsOf.percent);
  at = writeRounded(out, writeBytes(out, at, key.skew), skew.skew, digitsOf.percent);
  if (basis === null) at = writeBytes(out, at, key.noBasis);
  else {
    at = writeRounded(out, writeBytes(out, at, key.basis), basis.basis, digitsOf.money);
    at = writeRounded(out, writeBytes(out, at, key.basisPct), basis.basisPct, digitsOf.percent);
    at = writeRounded(out, writeBytes(out, at, key.fairValue), basis.fairValue, digitsOf.money);
    at = writeRounded(out, writeBytes(out, at, key.mispricing), basis.mispricing, digitsOf.money);
    at = writeRounded(out, writeBytes(out, at, key.annualised), basis.annualisedPct, digitsOf.percent);
    at = writeBytes(out, at, key.basisEnd);
  }
  at = writeRounded(out, writeBytes(out, at, key.vixDivergence), vixDivergence, digitsOf.percent);
  return writeBytes(out, at, key.end);
}
