import type { Past } from './past.ts';

/**
 * The share of the window's at-the-money volatilities that lie below this one, percent; one that is equal does not. `null`
 * while it or the window has none.
 *
 * Source: the wire contract; the measure is that of option brokers ("IV percentile"), over a window in place of a year.
 */
export function ivPercentile(iv: number | null, window: readonly Past[]): number | null {
  if (iv === null) return null;
  let known = 0;
  let below = 0;
  for (const { atmIv } of window) {
    if (atmIv === null) continue;
    known += 1;
    if (atmIv < iv) below += 1;
  }
  return known === 0 ? null : (100 * below) / known;
}
