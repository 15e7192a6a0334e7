/** Says how many records are due, so that `rate` a second go out evenly. Times are milliseconds of one clock. */
export interface Pacer {
  /** How many may be sent at `nowMs`; `Infinity` at rate 0. */
  due(nowMs: number): number;
  sent(count: number): void;
  setRate(rate: number, nowMs: number): void;
}

/** Behind by more than this, a pacer forgets: a feed that was held up must not answer with a burst. */
const maxDebtMs = 1_000;

/** A pacer for `rate` records a second; 0 is as fast as possible. */
export function createPacer(rate: number, nowMs: number): Pacer {
  let perMs = rate / 1_000;
  let originMs = nowMs;
  let sent = 0;

  return {
    due(now) {
      if (perMs === 0) return Number.POSITIVE_INFINITY;
      const debt = (now - originMs) * perMs - sent;
      // At least one record may be owed, or rates below 1 a second would never send.
      const limit = Math.max(1, maxDebtMs * perMs);
      if (debt > limit) {
        originMs = now - limit / perMs;
        sent = 0;
      }
      return Math.max(0, Math.floor(Math.min(debt, limit)));
    },
    sent(count) {
      sent += count;
    },
    setRate(next, now) {
      perMs = next / 1_000;
      originMs = now;
      sent = 0;
    },
  };
}
