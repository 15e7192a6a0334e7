import type { Latencies } from './latencies.ts';
import type { LedgerCounts } from './ledger.ts';

/** One look at the books, a second after the last. */
interface Moment {
  readonly atMs: number;
  readonly fed: number;
  readonly enriched: number;
  readonly lag: number;
  readonly latencies: Uint32Array;
}

/** The last minutes, for rates and charts. */
export interface History {
  add(atMs: number, counts: LedgerCounts, lag: number | null, latencies: Latencies): void;
  /** A second, over the last few. */
  rates(): { readonly fed: number; readonly enriched: number };
  /** Of the last ten seconds. */
  latency(latencies: Latencies, share: number): number | null;
  series(): { lag: number[]; fed: number[]; enriched: number[] };
}

const keep = 180;
const rateMoments = 3;
const latencyMoments = 10;

export function createHistory(): History {
  const moments: Moment[] = [];

  function rateOver(later: Moment | undefined, earlier: Moment | undefined, of: 'fed' | 'enriched'): number {
    if (!later || !earlier || later.atMs <= earlier.atMs) return 0;
    return ((later[of] - earlier[of]) * 1_000) / (later.atMs - earlier.atMs);
  }

  const recent = (of: 'fed' | 'enriched'): number =>
    rateOver(moments.at(-1), moments[Math.max(0, moments.length - 1 - rateMoments)], of);
  const perSecond = (of: 'fed' | 'enriched'): number[] =>
    moments.slice(1).map((moment, index) => Math.round(rateOver(moment, moments[index], of)));

  return {
    add(atMs, { fed, enriched }, lag, latencies) {
      // While no broker tells, it is what it was last: a dip to 0 would be a lie.
      moments.push({ atMs, fed, enriched, lag: lag ?? moments.at(-1)?.lag ?? 0, latencies: latencies.counts() });
      if (moments.length > keep) moments.shift();
    },
    rates: () => ({ fed: recent('fed'), enriched: recent('enriched') }),
    latency(latencies, share) {
      const earlier = moments[Math.max(0, moments.length - 1 - latencyMoments)];
      return earlier ? latencies.quantileSince(earlier.latencies, share) : latencies.quantile(share);
    },
    series: () => ({
      lag: moments.slice(1).map((moment) => moment.lag),
      fed: perSecond('fed'),
      enriched: perSecond('enriched'),
    }),
  };
}
