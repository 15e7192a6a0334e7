/** One listed contract as the feed gave it. `null` is what was absent or null. Prices in currency, `iv` in percent. */
export interface Quote {
  readonly strike: number;
  readonly type: 'CE' | 'PE';
  readonly ltp: number | null;
  readonly bid: number | null;
  readonly ask: number | null;
  /** Contracts. */
  readonly volume: number | null;
  /** Open interest, contracts. */
  readonly oi: number | null;
  readonly iv: number | null;
  readonly prevClose: number | null;
  readonly prevOi: number | null;
}

/** The future of the same underlying. */
export interface FutureQuote {
  readonly ltp: number | null;
  /** The instant it expires, milliseconds since the epoch; the option's when the feed gave none. */
  readonly expiresAtMs: number;
}

/** A snapshot of one option chain, checked against the contract. Its quotes are in the order of the output. */
export interface Chain {
  readonly symbolId: number;
  readonly symbol: string;
  /** `YYYY-MM-DD`. */
  readonly expiry: string;
  /** The instant of expiry, milliseconds since the epoch. */
  readonly expiresAtMs: number;
  /** As it came: ISO 8601 text, or epoch milliseconds. */
  readonly timestamp: string | number;
  readonly timestampMs: number;
  readonly lotSize: number | null;
  /** Percent. */
  readonly vix: number | null;
  readonly spot: number;
  readonly spotChange: number | null;
  readonly spotChangePct: number | null;
  readonly future: FutureQuote | null;
  /** By strike, the call before the put; no (strike, type) twice. */
  readonly quotes: readonly Quote[];
}
