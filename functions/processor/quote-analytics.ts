import { countMillionths, subtract } from '../market/decimal.ts';
import type { Quote } from './chain.ts';

/** What a change of price together with a change of open interest says of the positions behind it. */
export type Buildup = 'long_buildup' | 'short_buildup' | 'long_unwinding' | 'short_covering' | 'neutral';

/** Whether a quote cannot be traded on: bid or ask missing or 0, or (ask - bid) above 20 % of the mid. */
export function isIlliquid(quote: Quote): boolean {
  const { bid, ask } = quote;
  if (bid === null || ask === null || bid === 0 || ask === 0) return true;
  // ask - bid > 0.2 (ask + bid) / 2, without the division: a spread of exactly 20 % must compare as equal.
  const exact = 9 * countMillionths(ask) - 11 * countMillionths(bid);
  return Number.isNaN(exact) ? 9 * ask > 11 * bid : exact > 0;
}

/** A part in percent of its total; `null` when unknown or of nothing. */
export function sharePct(part: number | null, total: number): number | null {
  return part === null || total === 0 ? null : (100 * part) / total;
}

/** oi - prev_oi, contracts; `null` when either is unknown. */
export function oiChange(quote: Quote): number | null {
  return quote.oi === null || quote.prevOi === null ? null : subtract(quote.oi, quote.prevOi);
}

/** The build-up from the signs of the changes of price and of open interest; `null` when either is unknown. */
export function buildup(quote: Quote): Buildup | null {
  const { ltp, prevClose, oi, prevOi } = quote;
  if (ltp === null || prevClose === null || oi === null || prevOi === null) return null;
  if (ltp === prevClose || oi === prevOi) return 'neutral';
  if (oi > prevOi) return ltp > prevClose ? 'long_buildup' : 'short_buildup';
  return ltp > prevClose ? 'short_covering' : 'long_unwinding';
}
