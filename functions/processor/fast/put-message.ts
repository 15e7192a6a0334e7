import type { Buffer } from 'node:buffer';
import { subtract } from '../../market/decimal.ts';
import type { FuturesBasis } from '../futures-basis.ts';
import { cell, cells, head } from './columns.ts';
import { char } from './input.ts';
import { enter, out, putInput, putShort, putText, take } from './output.ts';
import { putGiven, putRounded2, putRounded4, putRounded6, putValue4 } from './put-number.ts';
import { putOption } from './put-option.ts';

const key = {
  symbolId: enter('{"symbol_id":'),
  symbol: enter(',"symbol":'),
  expiry: enter(',"expiry":'),
  timestamp: enter(',"timestamp":'),
  spot: enter(',"context":{"spot_price":'),
  spotChange: enter(',"spot_change":'),
  spotChangePct: enter(',"spot_change_pct":'),
  atmStrike: enter(',"atm_strike":'),
  atmIv: enter(',"atm_iv":'),
  daysToExpiry: enter(',"days_to_expiry":'),
  lotSize: enter(',"lot_size":'),
  totalCallOi: enter(',"total_call_oi":'),
  totalPutOi: enter(',"total_put_oi":'),
  totalCallVolume: enter(',"total_call_volume":'),
  totalPutVolume: enter(',"total_put_volume":'),
  pcrRatio: enter(',"pcr_ratio":'),
  maxPainStrike: enter(',"max_pain_strike":'),
  options: enter('},"options":['),
  pcrOi: enter('],"analyses":{"pcr":{"oi":'),
  pcrVolume: enter(',"volume":'),
  maxPain: enter('},"max_pain":'),
  gexNet: enter(',"gex":{"net":'),
  gexCall: enter(',"call":'),
  gexPut: enter(',"put":'),
  callWall: enter(',"call_wall":'),
  putWall: enter(',"put_wall":'),
  zeroGamma: enter(',"zero_gamma":'),
  skewPut: enter('},"iv_skew":{"put_iv":'),
  skewCall: enter(',"call_iv":'),
  skew: enter(',"skew":'),
  noBasis: enter('},"futures_basis":null'),
  basis: enter('},"futures_basis":{"basis":'),
  basisPct: enter(',"basis_pct":'),
  fairValue: enter(',"fair_value":'),
  mispricing: enter(',"mispricing":'),
  annualised: enter(',"annualised_pct":'),
  basisEnd: enter('}'),
  vixDivergence: enter(',"vix_divergence":'),
  end: enter('}}'),
} as const;

/** The message of the chain in the columns, byte for byte what encodeChain writes. */
export function putMessage(basis: FuturesBasis | null): Buffer {
  let at = putHead(0);
  for (let row = 0; row < head.options; row += 1) {
    if (row > 0) {
      out.setUint8(at, char.comma);
      at += 1;
    }
    at = putOption(at, row);
  }
  at = putExposures(putOpenInterest(at));
  at = putBasis(putSkew(at), basis);
  const vixDivergence = subtract(cells[cell.atmIv] ?? 0, cells[cell.vix] ?? 0);
  at = putValue4(putText(at, key.vixDivergence), vixDivergence);
  return take(putShort(at, key.end));
}

function putHead(start: number): number {
  let at = putInput(putShort(start, key.symbolId), head.symbolId, head.symbolIdEnd);
  at = putInput(putShort(at, key.symbol), head.symbol, head.symbolEnd);
  at = putInput(putShort(at, key.expiry), head.expiry, head.expiry + 12);
  at = putInput(putShort(at, key.timestamp), head.timestamp, head.timestampEnd);
  at = putGiven(putText(at, key.spot), cell.spot);
  at = putGiven(putShort(at, key.spotChange), cell.spotChange);
  at = putGiven(putText(at, key.spotChangePct), cell.spotChangePct);
  at = putGiven(putShort(at, key.atmStrike), cell.atmStrike);
  at = putRounded4(putShort(at, key.atmIv), cell.atmIv);
  at = putRounded6(putText(at, key.daysToExpiry), cell.daysToExpiry);
  at = putGiven(putShort(at, key.lotSize), cell.lotSize);
  at = putRounded4(putText(at, key.totalCallOi), cell.callOi);
  at = putRounded4(putText(at, key.totalPutOi), cell.putOi);
  at = putRounded4(putText(at, key.totalCallVolume), cell.callVolume);
  at = putRounded4(putText(at, key.totalPutVolume), cell.putVolume);
  at = putValue4(putShort(at, key.pcrRatio), ratio(cells[cell.putOi] ?? 0, cells[cell.callOi] ?? 0));
  at = putGiven(putText(at, key.maxPainStrike), cell.maxPain);
  return putShort(at, key.options);
}

function ratio(put: number, call: number): number {
  return call === 0 ? Number.NaN : put / call;
}

function putOpenInterest(start: number): number {
  let at = putValue4(putText(start, key.pcrOi), ratio(cells[cell.putOi] ?? 0, cells[cell.callOi] ?? 0));
  at = putValue4(putShort(at, key.pcrVolume), ratio(cells[cell.putVolume] ?? 0, cells[cell.callVolume] ?? 0));
  return putGiven(putShort(at, key.maxPain), cell.maxPain);
}

function putExposures(start: number): number {
  cells[cell.written] = (cells[cell.callExposure] ?? 0) + (cells[cell.putExposure] ?? 0);
  let at = putRounded2(putShort(start, key.gexNet), cell.written);
  at = putRounded2(putShort(at, key.gexCall), cell.callExposure);
  at = putRounded2(putShort(at, key.gexPut), cell.putExposure);
  at = putGiven(putShort(at, key.callWall), cell.callWall);
  at = putGiven(putShort(at, key.putWall), cell.putWall);
  return putRounded4(putShort(at, key.zeroGamma), cell.zeroGamma);
}

function putSkew(start: number): number {
  let at = putRounded4(putText(start, key.skewPut), cell.putIv);
  at = putRounded4(putShort(at, key.skewCall), cell.callIv);
  return putValue4(putShort(at, key.skew), subtract(cells[cell.putIv] ?? 0, cells[cell.callIv] ?? 0));
}

function putBasis(start: number, basis: FuturesBasis | null): number {
  if (basis === null) return putText(start, key.noBasis);
  let at = putValue4(putText(start, key.basis), basis.basis);
  at = putValue4(putShort(at, key.basisPct), basis.basisPct);
  at = putValue4(putShort(at, key.fairValue), basis.fairValue);
  at = putValue4(putShort(at, key.mispricing), basis.mispricing);
  at = putValue4(putText(at, key.annualised), basis.annualisedPct ?? Number.NaN);
  return putShort(at, key.basisEnd);
}
