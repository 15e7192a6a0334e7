/** Microseconds since 1970, which is as fine as the database's times are. */
export function microsOf(timestampMs: number): bigint {
  const whole = Math.floor(timestampMs);
  return BigInt(whole) * 1000n + BigInt(Math.round((timestampMs - whole) * 1000));
}

/** ISO 8601 with six digits of a second, as PostgreSQL reads it: there is no year 0, but a year before it. */
export function timeText(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((micros - fraction) / 1000n));
  const year = date.getUTCFullYear();
  const [, rest = ''] = /^[+-]?\d+(-.{14})/.exec(date.toISOString()) ?? [];
  const years = String(year > 0 ? year : 1 - year).padStart(4, '0');
  return `${years}${rest}.${String(fraction).padStart(6, '0')}Z${year > 0 ? '' : ' BC'}`;
}
