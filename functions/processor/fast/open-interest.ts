import { cell, cells, column, head, isCall } from './columns.ts';

/** A number of a row; 0 when it is null. */
export function amount(column: number, row: number): number {
  const value = cells[column + row] ?? 0;
  return Number.isNaN(value) ? 0 : value;
}

/** Whether a row is there, and is the put of the strike whose call is the row before it. */
export function isPutOfPrevious(row: number): boolean {
  return row < head.options && isCall[row] === 0 && cells[column.strike + row] === cells[column.strike + row - 1];
}

/** Totals of open interest and volume by type, as sumTotals. */
export function sumTotals(): void {
  let callOi = 0;
  let putOi = 0;
  let callVolume = 0;
  let putVolume = 0;
  for (let row = 0; row < head.options; row += 1) {
    if (isCall[row] === 1) {
      callOi += amount(column.oi, row);
      callVolume += amount(column.volume, row);
    } else {
      putOi += amount(column.oi, row);
      putVolume += amount(column.volume, row);
    }
  }
  cells[cell.callOi] = callOi;
  cells[cell.putOi] = putOi;
  cells[cell.callVolume] = callVolume;
  cells[cell.putVolume] = putVolume;
}

/** Max pain, as maxPain: the first strike from which the sum paid does not fall. */
export function findMaxPain(): void {
  cells[cell.maxPain] = Number.NaN;
  let putsAbove = cells[cell.putOi] ?? 0;
  let callsBelow = 0;
  if ((cells[cell.callOi] ?? 0) + putsAbove === 0) return;
  for (let row = 0; row < head.options; row += 1) {
    if (isCall[row] === 1) callsBelow += amount(column.oi, row);
    else putsAbove -= amount(column.oi, row);
    // A strike is judged with both of its options.
    if (isPutOfPrevious(row + 1)) continue;
    cells[cell.maxPain] = cells[column.strike + row] ?? 0;
    if (callsBelow >= putsAbove) return;
  }
}
