/** A stored snapshot of a window, as far as each of them counts. */
export interface Past {
  /** Microseconds since 1970: a number is exact up to the year 2255, and a time is looked up by what was read of it. */
  readonly micros: bigint;
  /** In `market.raw`, of what it was computed of; below 0, as -1 - offset, when that was in another partition than the window's. */
  readonly offset: number;
  readonly spot: number;
  /** Percent. */
  readonly atmIv: number | null;
}

/** What is asked of the first and the last one of a window only. Names are the contract's, in short. */
export interface End {
  /** As it came: ISO 8601, or integer milliseconds since the epoch. */
  readonly timestamp: string | number;
  /** Puts over calls, of open interest. */
  readonly pcr: number | null;
  readonly maxPain: number | null;
  readonly netGex: number | null;
}

/** What a result looks back on: snapshots of one symbol and expiry, the oldest first, this one not among them. */
export interface Window {
  readonly past: readonly Past[];
  /** `undefined`: of none. */
  readonly first: End | undefined;
  readonly last: End | undefined;
}
