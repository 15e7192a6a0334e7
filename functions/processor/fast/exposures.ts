import { cell, cells, column, head, isCall, ivSource, source } from './columns.ts';
import { amount, isPutOfPrevious } from './open-interest.ts';

/** A gamma that could not be computed counts as 0; one that is no number, at rates beyond all reason, counts as such. */
function exposure(row: number): number {
  return ivSource[row] === source.none ? 0 : (cells[column.gamma + row] ?? 0) * amount(column.oi, row);
}

/** Exposures, walls and the level of zero gamma, as gammaExposure. */
export function findExposures(): void {
  const spot = cells[cell.spot] ?? 0;
  const lotSize = cells[cell.lotSize] ?? 0;
  const unit = (Number.isNaN(lotSize) ? 1 : lotSize) * ((spot * spot) / 100);
  let calls = 0;
  let puts = 0;
  let largestCall = 0;
  let largestPut = 0;
  let sum = 0;
  let sign = 0;
  let previousStrike = 0;
  cells[cell.callWall] = Number.NaN;
  cells[cell.putWall] = Number.NaN;
  cells[cell.zeroGamma] = Number.NaN;
  let isCrossed = false;
  for (let row = 0; row < head.options; row += 1) {
    const strike = cells[column.strike + row] ?? 0;
    let call = 0;
    let put = 0;
    if (isCall[row] === 1) {
      call = exposure(row) * unit;
      if (isPutOfPrevious(row + 1)) row += 1;
    }
    if (isCall[row] === 0) put = exposure(row) * unit;
    calls += call;
    puts -= put;
    if (call > largestCall) {
      largestCall = call;
      cells[cell.callWall] = strike;
    }
    if (put > largestPut) {
      largestPut = put;
      cells[cell.putWall] = strike;
    }
    const before = sum;
    sum += call - put;
    if (!isCrossed && sign * sum < 0) {
      isCrossed = true;
      cells[cell.zeroGamma] = previousStrike + ((strike - previousStrike) * before) / (before - sum);
    }
    if (sum !== 0) sign = Math.sign(sum);
    previousStrike = strike;
  }
  cells[cell.callExposure] = calls;
  cells[cell.putExposure] = puts;
}
