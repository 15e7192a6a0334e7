import type { GroupPosition } from './offsets.ts';

/** What lies between two looks at the offsets: what arrived, and what is behind now. */
export interface LagWindow {
  /** Takes a look at `atMs` (of one clock). */
  add(atMs: number, position: GroupPosition): void;
  /** Records behind, in all and in the partition that is furthest behind; undefined before the first look. */
  lag(): { readonly total: number; readonly worstPartition: number } | undefined;
  /** Records that arrived a second, between the last two looks. */
  ratePerSecond(): number;
}

interface Moment {
  readonly atMs: number;
  readonly arrived: number;
}

export function createLagWindow(): LagWindow {
  let before: Moment | undefined;
  let last: Moment | undefined;
  let lag: { total: number; worstPartition: number } | undefined;

  return {
    add(atMs, { committed, lag: total, lagByPartition }) {
      const done = committed.reduce((sum, offset) => sum + offset, 0);
      before = last;
      last = { atMs, arrived: done + total };
      lag = { total, worstPartition: Math.max(0, ...lagByPartition) };
    },
    lag: () => lag,
    ratePerSecond() {
      if (!before || !last || last.atMs <= before.atMs) return 0;
      return Math.max(0, ((last.arrived - before.arrived) * 1_000) / (last.atMs - before.atMs));
    },
  };
}
