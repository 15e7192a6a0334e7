/**
 * The chain that is being worked on, as numbers in columns: what a chain of objects would allocate a message is allocated
 * once. All numbers are in one array, `cells`; NaN is what was absent or null, or cannot be computed.
 */

/** The contract allows as many options. */
export const mostOptions = 2000;

/**
 * Where the columns begin: the number of a row is added. From `ltp` to `prevOi` they are as the feed gave them, in the order in
 * which they are written; `ivUsed` is in percent, the feed's or solved; from `price` on they are in valueInto's order.
 */
export const column = {
  strike: 0,
  ltp: mostOptions,
  bid: 2 * mostOptions,
  ask: 3 * mostOptions,
  volume: 4 * mostOptions,
  oi: 5 * mostOptions,
  iv: 6 * mostOptions,
  prevClose: 7 * mostOptions,
  prevOi: 8 * mostOptions,
  ivUsed: 9 * mostOptions,
  price: 10 * mostOptions,
  delta: 11 * mostOptions,
  gamma: 12 * mostOptions,
  theta: 13 * mostOptions,
  vega: 14 * mostOptions,
  rho: 15 * mostOptions,
  intrinsic: 16 * mostOptions,
} as const;

/** Behind the columns. */
const facts = 17 * mostOptions;

/**
 * Cells of the numbers that are there once a chain. `unused` is for what is checked and not used, `written` for what is
 * written at once, and `none` is NaN.
 */
export const cell = {
  spot: facts,
  spotChange: facts + 1,
  spotChangePct: facts + 2,
  lotSize: facts + 3,
  vix: facts + 4,
  futureLtp: facts + 5,
  expiresAtMs: facts + 6,
  timestampMs: facts + 7,
  futureExpiresAtMs: facts + 8,
  daysToExpiry: facts + 9,
  callOi: facts + 10,
  putOi: facts + 11,
  callVolume: facts + 12,
  putVolume: facts + 13,
  atmStrike: facts + 14,
  atmIv: facts + 15,
  maxPain: facts + 16,
  callExposure: facts + 17,
  putExposure: facts + 18,
  callWall: facts + 19,
  putWall: facts + 20,
  zeroGamma: facts + 21,
  putIv: facts + 22,
  callIv: facts + 23,
  unused: facts + 24,
  written: facts + 25,
  none: facts + 26,
} as const;

/** Large enough for the system to give memory only to the pages that are written. */
export const cells = new Float64Array(facts + 27);
cells[cell.none] = Number.NaN;

/** 1 for a call, 0 for a put. */
export const isCall = new Uint8Array(mostOptions);

/** What a volatility came from. */
export const source = { none: 0, feed: 1, mid: 2, last: 3 } as const;
export const ivSource = new Uint8Array(mostOptions);

/**
 * Offsets in the message: where the text of a row stands that the output repeats, from the brace to the open interest,
 * and behind the volatility. An end of 0 says that it must be written anew.
 */
export const text = {
  start: new Int32Array(mostOptions),
  oiEnd: new Int32Array(mostOptions),
  ivEnd: new Int32Array(mostOptions),
} as const;

/** Offsets in the message of what the output repeats as it came; and how many options there are. */
export const head = {
  symbolId: 0,
  symbolIdEnd: 0,
  symbol: 0,
  symbolEnd: 0,
  expiry: 0,
  timestamp: 0,
  timestampEnd: 0,
  hasFuture: false,
  options: 0,
};
