import { Buffer } from 'node:buffer';
import { subtract } from '../market/decimal.ts';
import { digitsOf } from '../market/rounding.ts';
import { longestNumber, writeBytes, writeGiven, writeRounded } from './json-bytes.ts';
import type { Totals } from './open-interest.ts';
import { buildup, isIlliquid, oiChange, sharePct } from './quote-analytics.ts';
import type { ValuedOption } from './valuation.ts';

const key = {
  strike: Buffer.from('{"strike":'),
  callLtp: Buffer.from(',"option_type":"CE","ltp":'),
  putLtp: Buffer.from(',"option_type":"PE","ltp":'),
  bid: Buffer.from(',"bid":'),
  ask: Buffer.from(',"ask":'),
  volume: Buffer.from(',"volume":'),
  oi: Buffer.from(',"oi":'),
  iv: Buffer.from(',"iv":'),
  delta: Buffer.from(',"delta":'),
  gamma: Buffer.from(',"gamma":'),
  theta: Buffer.from(',"theta":'),
  vega: Buffer.from(',"vega":'),
  rho: Buffer.from(',"rho":'),
  noGreeks: Buffer.from(',"delta":null,"gamma":null,"theta":null,"vega":null,"rho":null'),
  intrinsic: Buffer.from(',"intrinsic":'),
  timeValue: Buffer.from(',"time_value":'),
  oiPct: Buffer.from(',"oi_pct":'),
  volumePct: Buffer.from(',"volume_pct":'),
  oiChange: Buffer.from(',"oi_change":'),
};

const priceAfterSource = {
  feed: Buffer.from(',"iv_source":"feed","price":'),
  mid: Buffer.from(',"iv_source":"mid","price":'),
  last: Buffer.from(',"iv_source":"last","price":'),
  none: Buffer.from(',"iv_source":null,"price":'),
};

const illiquid = Buffer.from(',"illiquid":true');
const liquid = Buffer.from(',"illiquid":false');

const buildupEnd = {
  long_buildup: Buffer.from(',"buildup_type":"long_buildup"}'),
  short_buildup: Buffer.from(',"buildup_type":"short_buildup"}'),
  long_unwinding: Buffer.from(',"buildup_type":"long_unwinding"}'),
  short_covering: Buffer.from(',"buildup_type":"short_covering"}'),
  neutral: Buffer.from(',"buildup_type":"neutral"}'),
  none: Buffer.from(',"buildup_type":null}'),
};

/** No option takes more bytes: its keys and words, and 19 numbers. */
export const mostBytesPerOption = 320 + 19 * longestNumber;

/** Writes one entry of `options` and returns the offset after it. */
export function writeOption(out: Buffer, start: number, option: ValuedOption, totals: Totals): number {
  const { quote, greeks, intrinsic } = option;
  const isCall = quote.type === 'CE';
  let at = writeGiven(out, writeBytes(out, start, key.strike), quote.strike);
  at = writeGiven(out, writeBytes(out, at, isCall ? key.callLtp : key.putLtp), quote.ltp);
  at = writeGiven(out, writeBytes(out, at, key.bid), quote.bid);
  at = writeGiven(out, writeBytes(out, at, key.ask), quote.ask);
  at = writeGiven(out, writeBytes(out, at, key.volume), quote.volume);
  at = writeGiven(out, writeBytes(out, at, key.oi), quote.oi);
  at = writeBytes(out, at, key.iv);
  at = option.ivSource === 'feed' ? writeGiven(out, at, option.iv) : writeRounded(out, at, option.iv, digitsOf.percent);
  at = writeBytes(out, at, priceAfterSource[option.ivSource ?? 'none']);
  at = writeRounded(out, at, option.price, digitsOf.money);
  if (greeks === null) at = writeBytes(out, at, key.noGreeks);
  else {
    at = writeRounded(out, writeBytes(out, at, key.delta), greeks.delta, digitsOf.delta);
    at = writeRounded(out, writeBytes(out, at, key.gamma), greeks.gamma, digitsOf.gamma);
    at = writeRounded(out, writeBytes(out, at, key.theta), greeks.theta, digitsOf.sensitivity);
    at = writeRounded(out, writeBytes(out, at, key.vega), greeks.vega, digitsOf.sensitivity);
    at = writeRounded(out, writeBytes(out, at, key.rho), greeks.rho, digitsOf.sensitivity);
  }
  const timeValue = quote.ltp === null ? null : subtract(quote.ltp, intrinsic);
  const oiPct = sharePct(quote.oi, isCall ? totals.callOi : totals.putOi);
  const volumePct = sharePct(quote.volume, isCall ? totals.callVolume : totals.putVolume);
  at = writeRounded(out, writeBytes(out, at, key.intrinsic), intrinsic, digitsOf.money);
  at = writeRounded(out, writeBytes(out, at, key.timeValue), timeValue, digitsOf.money);
  at = writeBytes(out, at, isIlliquid(quote) ? illiquid : liquid);
  at = writeRounded(out, writeBytes(out, at, key.oiPct), oiPct, digitsOf.percent);
  at = writeRounded(out, writeBytes(out, at, key.volumePct), volumePct, digitsOf.percent);
  at = writeRounded(out, writeBytes(out, at, key.oiChange), oiChange(quote), digitsOf.quantity);
  return writeBytes(out, at, buildupEnd[buildup(quote) ?? 'none']);
}
