import { mean, percentOf, subtract } from '../../market/decimal.ts';
import { cell, cells, column, head, isCall } from './columns.ts';
import { isPutOfPrevious } from './open-interest.ts';

/** Which rows count in a search. */
const any = 2;

/**
 * The first row of the strike nearest to a price, the lower strike on a tie, among rows of a type (1 call, 0 put, 2 any);
 * -1 when there is none. Distances are those of nearestRow, counted in decimals; the doubles' own, which are quicker and
 * off by a few units in the last place, say first which rows can be the nearest.
 */
function nearest(price: number, type: number): number {
  let least = Infinity;
  for (let row = 0; row < head.options; row += 1) {
    const distance = Math.abs((cells[column.strike + row] ?? 0) - price);
    if (distance < least && (type === any || isCall[row] === type)) least = distance;
  }
  const reach = least + 1e-12 * (price + least);
  let found = -1;
  least = Infinity;
  for (let row = 0; row < head.options; row += 1) {
    const strike = cells[column.strike + row] ?? 0;
    if (Math.abs(strike - price) > reach || (type !== any && isCall[row] !== type)) continue;
    const distance = Math.abs(subtract(strike, price));
    if (distance >= least) continue;
    found = row;
    least = distance;
  }
  return found;
}

/** The strike at the money and its volatility, as atTheMoney. */
export function findAtTheMoney(): void {
  const row = nearest(cells[cell.spot] ?? 0, any);
  cells[cell.atmStrike] = row < 0 ? Number.NaN : (cells[column.strike + row] ?? 0);
  const first = row < 0 ? Number.NaN : (cells[column.ivUsed + row] ?? 0);
  const second = row >= 0 && isPutOfPrevious(row + 1) ? (cells[column.ivUsed + row + 1] ?? 0) : Number.NaN;
  cells[cell.atmIv] = Number.isNaN(second) ? first : Number.isNaN(first) ? second : mean(first, second);
}

/** The volatilities that the skew is between, as volatilitySkew. */
export function findSkew(): void {
  const spot = cells[cell.spot] ?? 0;
  const put = nearest(percentOf(spot, 95), 0);
  const call = nearest(percentOf(spot, 105), 1);
  cells[cell.putIv] = put < 0 ? Number.NaN : (cells[column.ivUsed + put] ?? 0);
  cells[cell.callIv] = call < 0 ? Number.NaN : (cells[column.ivUsed + call] ?? 0);
}
