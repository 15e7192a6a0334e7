import type { Past } from './past.ts';

/**
 * Where the at-the-money volatility stands between the least and the largest of the window, percent: 100 (iv - min) /
 * (max - min). Below 0 or above 100 it is a new low or a new high: this snapshot is no part of the window. `null` while it
 * or the window has no volatility, or only one value.
 *
 * Source: the wire contract; the measure is that of option brokers ("IV rank"), over a window in place of a year.
 */
export function ivRank(iv: number | null, window: readonly Past[]): number | null {
  if (iv === null) return null;
  let least = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (const { atmIv } of window) {
    if (atmIv === null) continue;
    if (atmIv < least) least = atmIv;
    if (atmIv > largest) largest = atmIv;
  }
  return largest > least ? (100 * (iv - least)) / (largest - least) : null;
}
