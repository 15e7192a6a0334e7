/** Counts durations, and tells quantiles good to 2 %. */
export interface Latencies {
  record(ms: number): void;
  /** In milliseconds; null before anything was recorded. */
  quantile(share: number): number | null;
  /** The quantile of what was recorded since the counts given (of `counts()`, earlier). */
  quantileSince(earlier: Uint32Array, share: number): number | null;
  counts(): Uint32Array;
}

const growth = Math.log(1.02);
const buckets = 900; // up to 15 hours

/** Buckets that grow by 2 % each: a few kilobytes, whatever the number of durations. */
export function createLatencies(): Latencies {
  const counts = new Uint32Array(buckets);
  const none = new Uint32Array(buckets);

  function quantileSince(earlier: Uint32Array, share: number): number | null {
    let total = 0;
    for (const [index, count] of counts.entries()) total += count - (earlier[index] ?? 0);
    if (total === 0) return null;
    let left = Math.max(1, Math.ceil(total * share));
    for (const [index, count] of counts.entries()) {
      left -= count - (earlier[index] ?? 0);
      if (left <= 0) return Math.round(Math.expm1((index + 0.5) * growth) * 10) / 10;
    }
    return null;
  }

  return {
    record(ms) {
      const index = Math.min(buckets - 1, Math.floor(Math.log1p(Math.max(0, ms)) / growth));
      counts[index] = (counts[index] ?? 0) + 1;
    },
    quantile: (share) => quantileSince(none, share),
    quantileSince,
    counts: () => counts.slice(),
  };
}
