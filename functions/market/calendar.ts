/** Milliseconds in a day. */
export const dayMs = 86_400_000;

/** Options expire at 15:30 in Kolkata, which is UTC+5:30 the whole year: 10:00 UTC. */
export const expiryOfDayMs = 10 * 3_600_000;

/** Milliseconds in the contract's year of 365 days. */
export const yearMs = 365 * dayMs;

/** The instants that four-digit years can name, 0001 to 9999: what integer timestamps are held to as well. */
export const instantBounds = { min: -62_135_596_800_000, max: 253_402_300_799_999 } as const;

const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/;
const timestampPattern = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/**
 * The instant, in milliseconds since the epoch, at which contracts of an expiry date (`YYYY-MM-DD`) expire.
 * `null` when the text is not a real date of the years 0001 to 9999.
 */
export function expiryInstant(date: string): number | null {
  const parts = datePattern.exec(date);
  if (parts === null) return null;
  const day = dayNumber(Number(parts[1]), Number(parts[2]), Number(parts[3]));
  return day === null ? null : day * dayMs + expiryOfDayMs;
}

/**
 * Milliseconds since the epoch of an ISO 8601 timestamp with seconds and a zone (the profile of RFC 3339, upper case):
 * `2026-11-23T10:30:00+05:30`, `2026-11-23T05:00:00.250Z`. At most nine digits of a second. `null` for anything else,
 * a date or a time of day that does not exist included (there is no second 60 and no hour 24).
 */
export function parseTimestamp(text: string): number | null {
  const parts = timestampPattern.exec(text);
  if (parts === null) return null;
  const day = dayNumber(Number(parts[1]), Number(parts[2]), Number(parts[3]));
  const hour = Number(parts[4]);
  const minute = Number(parts[5]);
  const second = Number(parts[6]);
  const zoneHour = Number(parts[9] ?? 0);
  const zoneMinute = Number(parts[10] ?? 0);
  if (day === null || hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return null;
  const fractionMs = parts[7] === undefined ? 0 : Number(`${parts[7]}e${3 - parts[7].length}`);
  const zone = (zoneHour * 60 + zoneMinute) * (parts[8] === '-' ? -1 : 1);
  return instantOf(day, hour * 60 + minute - zone, second, fractionMs);
}

/** Milliseconds since the epoch of a moment in UTC; minutes of its day that are below 0 belong to the day before. */
export function instantOf(day: number, minute: number, second: number, fractionMs: number): number {
  return day * dayMs + (minute * 60 + second) * 1000 + fractionMs;
}

/**
 * Days from 1970-01-01 in the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
 * Not `Date.UTC`: it takes 30 February for 2 March, and the year 26 for 1926.
 */
export function dayNumber(year: number, month: number, day: number): number | null {
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null;
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
