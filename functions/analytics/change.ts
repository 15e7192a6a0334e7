import { subtract } from '../market/decimal.ts';

/**
 * How much a value has changed since the first snapshot of the window, exact in decimals; `null` when either is unknown. All
 * of a result speaks of one span, `window.from` to this snapshot: the change since the snapshot before is in the input.
 */
export function change(now: number | null, first: number | null | undefined): number | null {
  return now === null || first === null || first === undefined ? null : subtract(now, first);
}
