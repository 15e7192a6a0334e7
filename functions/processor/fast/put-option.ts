import { countMillionths, subtract } from '../../market/decimal.ts';
import { cell, cells, column, isCall, ivSource, source, text } from './columns.ts';
import { char } from './input.ts';
import { enter, out, putInput, putShort, putText } from './output.ts';
import { putGiven, putRounded4, putRounded6, putRounded8 } from './put-number.ts';

const key = {
  strike: enter('{"strike":'),
  callLtp: enter(',"option_type":"CE","ltp":'),
  putLtp: enter(',"option_type":"PE","ltp":'),
  bid: enter(',"bid":'),
  ask: enter(',"ask":'),
  volume: enter(',"volume":'),
  oi: enter(',"oi":'),
  iv: enter(',"iv":'),
  delta: enter(',"delta":'),
  gamma: enter(',"gamma":'),
  theta: enter(',"theta":'),
  vega: enter(',"vega":'),
  rho: enter(',"rho":'),
  intrinsic: enter(',"intrinsic":'),
  timeValue: enter(',"time_value":'),
  oiPct: enter(',"illiquid":false,"oi_pct":'),
  illiquidOiPct: enter(',"illiquid":true,"oi_pct":'),
  volumePct: enter(',"volume_pct":'),
  oiChange: enter(',"oi_change":'),
  noBuildup: enter(',"buildup_type":null'),
  neutral: enter(',"buildup_type":"neutral"'),
  longBuildup: enter(',"buildup_type":"long_buildup"'),
  shortBuildup: enter(',"buildup_type":"short_buildup"'),
  longUnwinding: enter(',"buildup_type":"long_unwinding"'),
  shortCovering: enter(',"buildup_type":"short_covering"'),
} as const;

/** What leads from the volatility to the price, by the volatility's source. */
const price = Uint16Array.from([
  enter(',"iv_source":null,"price":'),
  enter(',"iv_source":"feed","price":'),
  enter(',"iv_source":"mid","price":'),
  enter(',"iv_source":"last","price":'),
]);

/** Writes a row as one entry of `options`, as writeOption does; returns the offset behind it. */
export function putOption(start: number, row: number): number {
  const ltp = cells[column.ltp + row] ?? 0;
  const oi = cells[column.oi + row] ?? 0;
  const call = isCall[row] === 1;
  let at = putComputed(putQuote(start, row, call), row);
  const timeValue = subtract(ltp, cells[column.intrinsic + row] ?? 0);
  at = putRounded4(putShort(at, key.timeValue), timeValue);
  at = putText(
    at,
    isLiquid(cells[column.bid + row] ?? 0, cells[column.ask + row] ?? 0) ? key.oiPct : key.illiquidOiPct,
  );
  at = putRounded4(at, share(oi, cells[call ? cell.callOi : cell.putOi] ?? 0));
  const volume = cells[column.volume + row] ?? 0;
  at = putRounded4(putShort(at, key.volumePct), share(volume, cells[call ? cell.callVolume : cell.putVolume] ?? 0));
  const prevOi = cells[column.prevOi + row] ?? 0;
  at = putRounded4(putShort(at, key.oiChange), subtract(oi, prevOi));
  at = putText(at, buildup(ltp, cells[column.prevClose + row] ?? 0, oi, prevOi));
  out.setUint8(at, char.closeBrace);
  return at + 1;
}

/** From the strike to the price: what came is repeated in one piece where the output writes it the same. */
function putQuote(start: number, row: number, call: boolean): number {
  const given = ivSource[row] ?? 0;
  const iv = cells[column.ivUsed + row] ?? 0;
  const ivEnd = text.ivEnd[row] ?? 0;
  const oiEnd = text.oiEnd[row] ?? 0;
  const afterIv = price[given] ?? 0;
  if (given === source.feed && ivEnd > 0) return putText(putInput(start, text.start[row] ?? 0, ivEnd), afterIv);
  let at = start;
  if (oiEnd > 0) at = putInput(start, text.start[row] ?? 0, oiEnd);
  else {
    at = putGiven(putShort(at, key.strike), cells[column.strike + row] ?? 0);
    at = putGiven(putText(at, call ? key.callLtp : key.putLtp), cells[column.ltp + row] ?? 0);
    at = putGiven(putShort(at, key.bid), cells[column.bid + row] ?? 0);
    at = putGiven(putShort(at, key.ask), cells[column.ask + row] ?? 0);
    at = putGiven(putShort(at, key.volume), cells[column.volume + row] ?? 0);
    at = putGiven(putShort(at, key.oi), cells[column.oi + row] ?? 0);
  }
  at = putShort(at, key.iv);
  return putText(given === source.feed ? putGiven(at, iv) : putRounded4(at, iv), afterIv);
}

/** The price, the Greeks and the intrinsic value. */
function putComputed(start: number, row: number): number {
  let at = putRounded4(start, cells[column.price + row] ?? 0);
  at = putRounded6(putShort(at, key.delta), cells[column.delta + row] ?? 0);
  at = putRounded8(putShort(at, key.gamma), cells[column.gamma + row] ?? 0);
  at = putRounded4(putShort(at, key.theta), cells[column.theta + row] ?? 0);
  at = putRounded4(putShort(at, key.vega), cells[column.vega + row] ?? 0);
  at = putRounded4(putShort(at, key.rho), cells[column.rho + row] ?? 0);
  return putRounded4(putShort(at, key.intrinsic), cells[column.intrinsic + row] ?? 0);
}

/** isIlliquid's opposite; a bid or an ask that is null compares as false. */
function isLiquid(bid: number, ask: number): boolean {
  if (!(bid > 0 && ask > 0)) return false;
  const exact = 9 * countMillionths(ask) - 11 * countMillionths(bid);
  return Number.isNaN(exact) ? !(9 * ask > 11 * bid) : exact <= 0;
}

function share(part: number, total: number): number {
  return total === 0 ? Number.NaN : (100 * part) / total;
}

function buildup(ltp: number, prevClose: number, oi: number, prevOi: number): number {
  if (Number.isNaN(ltp + prevClose + oi + prevOi)) return key.noBuildup;
  if (ltp === prevClose || oi === prevOi) return key.neutral;
  if (oi > prevOi) return ltp > prevClose ? key.longBuildup : key.shortBuildup;
  return ltp > prevClose ? key.shortCovering : key.longUnwinding;
}
