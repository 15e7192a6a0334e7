/** 1234567 as `1,234,567`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A rate in at most six characters: `12.3`, `480`, `12.3k`. */
export function rate(perSecond: number): string {
  if (perSecond >= 9_999.5) return `${(perSecond / 1_000).toFixed(1)}k`;
  return perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : perSecond.toFixed(0);
}

/** A count in at most six characters: `99,999`, `123k`, `1.2M`. */
export function short(value: number): string {
  if (value < 99_999.5) return count(value);
  return value < 999_500 ? `${(value / 1_000).toFixed(0)}k` : `${(value / 1_000_000).toFixed(1)}M`;
}

/** Milliseconds in at most six characters: `8ms`, `350ms`, `1.2s`. */
export function millis(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 999.5 ? `${ms.toFixed(0)}ms` : `${(ms / 1_000).toFixed(1)}s`;
}

/** Milliseconds with their unit: `8 ms`, `1.2 s`. */
export function duration(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** A span as `1:05` or `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3_600);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A moment as local `10:30:05`. */
export function timeOfDay(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8);
}
