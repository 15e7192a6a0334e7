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
  const call = isCall[row] === 1;
  let at = putComputed(putQuote(start, row, call), row);
  cells[cell.written] = subtract(cells[column.ltp + row] ?? 0, cells[column.intrinsic + row] ?? 0);
  at = putRounded4(putShort(at, key.timeValue), cell.written);
  at = putText(at, isLiquid(row) ? key.oiPct : key.illiquidOiPct);
  cells[cell.written] = share(column.oi + row, call ? cell.callOi : cell.putOi);
  at = putRounded4(at, cell.written);
  cells[cell.written] = share(column.volume + row, call ? cell.callVolume : cell.putVolume);
  at = putRounded4(putShort(at, key.volumePct), cell.written);
  cells[cell.written] = subtract(cells[column.oi + row] ?? 0, cells[column.prevOi + row] ?? 0);
  at = putRounded4(putShort(at, key.oiChange), cell.written);
  at = putText(at, buildup(row));
  out.setUint8(at, char.closeBrace);
  return at + 1;
}

/** From the strike to the price: what came is repeated in one piece where the output writes it the same. */
function putQuote(start: number, row: number, call: boolean): number {
  const given = ivSource[row] ?? 0;
  const iv = column.ivUsed + row;
  const ivEnd = text.ivEnd[row] ?? 0;
  const oiEnd = text.oiEnd[row] ?? 0;
  const afterIv = price[given] ?? 0;
  if (given === source.feed && ivEnd > 0) return putText(putInput(start, text.start[row] ?? 0, ivEnd), afterIv);
  let at = start;
  if (oiEnd > 0) at = putInput(start, text.start[row] ?? 0, oiEnd);
  else {
    at = putGiven(putShort(at, key.strike), column.strike + row);
    at = putGiven(putText(at, call ? key.callLtp : key.putLtp), column.ltp + row);
    at = putGiven(putShort(at, key.bid), column.bid + row);
    at = putGiven(putShort(at, key.ask), column.ask + row);
    at = putGiven(putShort(at, key.volume), column.volume + row);
    at = putGiven(putShort(at, key.oi), column.oi + row);
  }
  at = putShort(at, key.iv);
  return putText(given === source.feed ? putGiven(at, iv) : putRounded4(at, iv), afterIv);
}

/** The price, the Greeks and the intrinsic value. */
function putComputed(start: number, row: number): number {
  let at = putRounded4(start, column.price + row);
  at = putRounded6(putShort(at, key.delta), column.delta + row);
  at = putRounded8(putShort(at, key.gamma), column.gamma + row);
  at = putRounded4(putShort(at, key.theta), column.theta + row);
  at = putRounded4(putShort(at, key.vega), column.vega + row);
  at = putRounded4(putShort(at, key.rho), column.rho + row);
  return putRounded4(putShort(at, key.intrinsic), column.intrinsic + row);
}

/** isIlliquid's opposite; a bid or an ask that is null compares as false. */
function isLiquid(row: number): boolean {
  const bid = cells[column.bid + row] ?? 0;
  const ask = cells[column.ask + row] ?? 0;
  if (!(bid > 0 && ask > 0)) return false;
  const exact = 9 * countMillionths(ask) - 11 * countMillionths(bid);
  return Number.isNaN(exact) ? !(9 * ask > 11 * bid) : exact <= 0;
}

/** Percent, of two cells. */
function share(part: number, total: number): number {
  const whole = cells[total] ?? 0;
  return whole === 0 ? Number.NaN : (100 * (cells[part] ?? 0)) / whole;
}

function buildup(row: number): number {
  const ltp = cells[column.ltp + row] ?? 0;
  const prevClose = cells[column.prevClose + row] ?? 0;
  const oi = cells[column.oi + row] ?? 0;
  const prevOi = cells[column.prevOi + row] ?? 0;
  if (Number.isNaN(ltp + prevClose + oi + prevOi)) return key.noBuildup;
  if (ltp === prevClose || oi === prevOi) return key.neutral;
  if (oi > prevOi) return ltp > prevClose ? key.longBuildup : key.shortBuildup;
  return ltp > prevClose ? key.shortCovering : key.longUnwinding;
}
