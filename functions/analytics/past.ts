import type { Source } from '../market/source.ts';

/** A stored snapshot, as far as analytics looks at one. Names are the contract's, in short. */
export interface Past {
  /** Microseconds since 1970. */
  readonly micros: number;
  /** As it came: ISO 8601, or integer milliseconds since the epoch. */
  readonly timestamp: string | number;
  readonly source: Source;
  readonly spot: number;
  /** Percent. */
  readonly atmIv: number | null;
  /** Puts over calls, of open interest. */
  readonly pcr: number | null;
  readonly maxPain: number | null;
  readonly netGex: number | null;
}

/** What a result looks back on: snapshots of one symbol and expiry, the oldest first, this one not among them. */
export type Window = readonly Past[];
