import { subtract } from '../market/decimal.ts';
import type { ValuedOption } from './valuation.ts';

/** The call and the put listed at one strike; at least one of them is there. */
export interface StrikeRow {
  readonly strike: number;
  readonly call: ValuedOption | null;
  readonly put: ValuedOption | null;
}

/** Pairs calls with puts; `options` are by strike, the call before the put, and so are the rows by strike. */
export function groupByStrike(options: readonly ValuedOption[]): readonly StrikeRow[] {
  const rows: StrikeRow[] = [];
  for (let index = 0; index < options.length; index += 1) {
    const first = options[index];
    if (first === undefined) continue;
    const { strike, type } = first.quote;
    const second = options[index + 1];
    if (type === 'PE') rows.push({ strike, call: null, put: first });
    else if (second === undefined || second.quote.strike !== strike) rows.push({ strike, call: first, put: null });
    else {
      rows.push({ strike, call: first, put: second });
      index += 1;
    }
  }
  return rows;
}

/** The row nearest to a price, among those that `isListed` lets pass; the lower strike on a tie. */
export function nearestRow(
  rows: readonly StrikeRow[],
  price: number,
  isListed: (row: StrikeRow) => boolean,
): StrikeRow | null {
  let nearest: StrikeRow | null = null;
  let least = Infinity;
  for (const row of rows) {
    if (!isListed(row)) continue;
    const distance = Math.abs(subtract(row.strike, price));
    if (distance >= least) continue;
    nearest = row;
    least = distance;
  }
  return nearest;
}
