import { subtract } from '../market/decimal.ts';
import type { EnrichedSnapshot } from '../market/enriched.ts';
import { type Digits, digitsOf, roundDecimal } from '../market/rounding.ts';
import { change } from './change.ts';
import { ivPercentile } from './iv-percentile.ts';
import { ivRank } from './iv-rank.ts';
import { type OiMover, oiLeaders } from './oi-leaders.ts';
import type { Window } from './past.ts';
import { realisedVolatility } from './realised-volatility.ts';

/**
 * The text of the `analytics.results` message of a snapshot and its window: every field of the contract, in its order,
 * derived values rounded as those of the processor are. The same snapshot and window give the same text.
 */
export function analyse(snapshot: EnrichedSnapshot, { past, first, last }: Window): string {
  const iv = numberOf(snapshot.context.atm_iv);
  const realised = realisedVolatility(past);
  return JSON.stringify({
    symbol_id: snapshot.symbolId,
    symbol: snapshot.symbol,
    expiry: snapshot.expiry,
    timestamp: snapshot.timestamp,
    window: { from: first?.timestamp ?? null, to: last?.timestamp ?? null, snapshots: past.length },
    iv_rank: rounded(ivRank(iv, past), digitsOf.percent),
    iv_percentile: rounded(ivPercentile(iv, past), digitsOf.percent),
    realised_volatility: rounded(realised, digitsOf.percent),
    iv_premium: rounded(iv === null || realised === null ? null : subtract(iv, realised), digitsOf.percent),
    pcr_change: rounded(change(numberOf(snapshot.pcr.oi), first?.pcr), digitsOf.ratio),
    atm_iv_change: rounded(change(iv, past[0]?.atmIv), digitsOf.percent),
    max_pain_shift: rounded(change(snapshot.maxPain, first?.maxPain), digitsOf.money),
    net_gex_change: rounded(change(numberOf(snapshot.gex.net), first?.netGex), digitsOf.exposure),
    oi_leaders: oiLeaders(snapshot.options as readonly (OiMover & EnrichedSnapshot['options'][number])[]),
  });
}

function rounded(value: number | null, digits: Digits): number | null {
  return value === null || !Number.isFinite(value) ? null : roundDecimal(value, digits);
}

/** A field that the decoder has checked: a number, or null. */
function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
