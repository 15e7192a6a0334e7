import { subtract } from '../market/decimal.ts';
import type { Past } from './past.ts';

/** A year of trading: 252 sessions of 6 h 15 min (09:15 to 15:30). */
const yearMicros = 252 * 22_500 * 1e6;

/** No two snapshots of an open market are so far apart: it was closed in between. */
const closedMicros = 3_600_000_000n;

/**
 * The annualised standard deviation of the log returns of spot over the window, percent: 100 s sqrt(year / interval), with s
 * the sample deviation (n - 1) and the interval the mean one between snapshots (Hull, Options, Futures and Other Derivatives,
 * "Estimating volatility from historical data").
 *
 * Interval and year are of trading time, as volatility is made while the market is open: by the calendar's hours, the returns
 * of a session would come out 2.4 times as wild as the implied volatility they are compared with. A gap of more than an
 * hour is a closed market and adds no time; the return across it counts, since a night is a step of each session. `null`
 * with fewer than two returns, or no time between them.
 */
export function realisedVolatility(window: readonly Past[]): number | null {
  const returns: number[] = [];
  let openMicros = 0;
  for (let index = 1; index < window.length; index += 1) {
    const before = window[index - 1];
    const after = window[index];
    if (before === undefined || after === undefined) continue;
    // ln(1 + x) keeps the digits that ln(b / a) loses when prices hardly differ.
    returns.push(Math.log1p(subtract(after.spot, before.spot) / before.spot));
    const gap = after.micros - before.micros;
    if (gap <= closedMicros) openMicros += Number(gap);
  }
  if (returns.length < 2 || openMicros <= 0) return null;
  const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length;
  const squares = returns.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const variance = squares / (returns.length - 1);
  const deviation = Math.sqrt((variance * yearMicros * returns.length) / openMicros);
  return 100 * deviation;
}
