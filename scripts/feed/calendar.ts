const dayMs = 86_400_000;
/** India keeps UTC+05:30 all year, so its wall clock is a fixed shift of UTC's. */
const indiaOffsetMs = 19_800_000;
const closeOfDayMs = 15.5 * 3_600_000;

/** An expiry: its date as the wire writes it, and the moment (15:30 in India) at which it ends. */
export interface Expiry {
  readonly date: string;
  readonly closeMs: number;
}

/** The number of the day in India (days since 1970-01-01) that `nowMs` belongs to. */
export function indiaDay(nowMs: number): number {
  return Math.floor((nowMs + indiaOffsetMs) / dayMs);
}

/** The next weekly expiry on `weekday` (0 Sunday to 6 Saturday), today included until 15:30 in India. */
export function weeklyExpiry(nowMs: number, weekday: number): Expiry {
  let day = indiaDay(nowMs);
  // 1970-01-01 was a Thursday.
  day += (weekday - ((day + 4) % 7) + 7) % 7;
  if (closeOf(day) <= nowMs) day += 7;
  return expiryOn(day);
}

/** The next monthly expiry: the last `weekday` of a month, in the month of `nowMs` or the one after. */
export function monthlyExpiry(nowMs: number, weekday: number): Expiry {
  const wallClock = new Date(nowMs + indiaOffsetMs);
  for (let month = wallClock.getUTCMonth(); ; month++) {
    const last = Date.UTC(wallClock.getUTCFullYear(), month + 1, 0) / dayMs;
    const day = last - ((((last + 4) % 7) - weekday + 7) % 7);
    if (closeOf(day) > nowMs) return expiryOn(day);
  }
}

/** ISO 8601 with India's zone, to the millisecond, e.g. `2026-11-23T10:30:00.250+05:30`. */
export function indiaTime(nowMs: number): string {
  return `${new Date(nowMs + indiaOffsetMs).toISOString().slice(0, -1)}+05:30`;
}

function closeOf(day: number): number {
  return day * dayMs - indiaOffsetMs + closeOfDayMs;
}

function expiryOn(day: number): Expiry {
  return { date: new Date(day * dayMs).toISOString().slice(0, 10), closeMs: closeOf(day) };
}
