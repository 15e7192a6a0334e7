import type { Source } from '../market/source.ts';
import type { Past } from './past.ts';

/** A snapshot whose window is asked for. */
export interface Wanted {
  /** Of its record, in the batch. */
  readonly index: number;
  /** The offset of its record: when storage has passed it, all before it are stored. */
  readonly offset: number;
  readonly symbolId: number;
  readonly expiry: string;
  readonly micros: bigint;
  readonly source: Source;
}

/** How far a window goes back: so many snapshots, and so long. */
export interface Reach {
  readonly snapshots: number;
  readonly lookbackMicros: bigint;
}

/** Stored snapshots of one symbol and expiry, for all those of a batch that are of it: the latest ones before a time. */
export interface Range {
  readonly symbolId: number;
  readonly expiry: string;
  /** Not before this. */
  readonly from: bigint;
  /** Before this. */
  readonly to: bigint;
  /** The partition of `market.raw` that all wanted ones come from. */
  readonly partition: number;
  /** Without those that come from this offset of it, or from behind it; `undefined`: whichever they come from. */
  readonly before: number | undefined;
  /** So many at most. */
  readonly most: number;
  readonly wanted: readonly Wanted[];
}

/**
 * One range for each symbol and expiry of a batch (and partition of `market.raw`, of which a key has one as a rule): snapshots that follow one another share nearly all of their windows. What
 * lies between the first and the last of them is of the batch itself, as a rule, so there is room for that.
 */
export function rangesOf(wanted: readonly Wanted[], { snapshots, lookbackMicros }: Reach): Range[] {
  const groups = Map.groupBy(wanted, ({ symbolId, expiry, source }) => `${symbolId} ${expiry} ${source.partition}`);
  return [...groups.values()].map((group) => {
    const times = group.map(({ micros }) => micros);
    const first = times.reduce((a, b) => (a < b ? a : b));
    const last = times.reduce((a, b) => (a > b ? a : b));
    const { symbolId, expiry, source } = group[0] as Wanted; // a group has one
    const most = snapshots + group.length;
    const span = { from: first - lookbackMicros, to: last, before: undefined };
    return { symbolId, expiry, partition: source.partition, ...span, most, wanted: group };
  });
}

/** The range of one snapshot by itself: exactly its window. */
export function rangeOf(wanted: Wanted, { snapshots, lookbackMicros }: Reach): Range {
  const { symbolId, expiry, micros, source } = wanted;
  const span = { from: micros - lookbackMicros, to: micros, before: source.offset };
  return { symbolId, expiry, partition: source.partition, ...span, most: snapshots, wanted: [wanted] };
}

/**
 * The windows of a range's snapshots, out of what is stored in it, the oldest first. `undefined` for one whose window may
 * reach behind what was read: late snapshots, or ones far apart in time, had more between them than there was room for.
 */
export function slide(range: Range, stored: readonly Past[], reach: Reach): ReadonlyMap<Wanted, Past[] | undefined> {
  const isCut = stored.length >= range.most;
  return new Map(range.wanted.map((one) => [one, windowOf(one, stored, isCut && range.before === undefined, reach)]));
}

function windowOf(wanted: Wanted, stored: readonly Past[], isCut: boolean, reach: Reach): Past[] | undefined {
  const { offset } = wanted.source;
  const to = wanted.micros;
  const from = to - reach.lookbackMicros;
  const window: Past[] = [];
  for (let index = stored.length - 1; index >= 0; index -= 1) {
    const past = stored[index] as Past; // in bounds
    if (past.micros >= to) continue;
    if (past.micros < from) return window.reverse();
    // What came after it is not its past, whatever time it bears: else the result would depend on when it is made.
    if (past.offset >= offset) continue;
    window.push(past);
    if (window.length === reach.snapshots) return window.reverse();
  }
  return isCut ? undefined : window.reverse();
}
