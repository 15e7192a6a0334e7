import { Buffer } from 'node:buffer';

const marker = Buffer.from('"timestamp":');
const isoLength = '2026-11-23T10:30:00.000+05:30'.length;
const epochLength = String(Date.UTC(2026, 10, 23)).length;
const quote = 0x22;

/**
 * When the feed made a snapshot, in milliseconds since the epoch, out of its bytes or those of its enriched record; NaN when
 * they do not say. One of the feed's symbols in ten writes epoch milliseconds, the others ISO 8601.
 */
export function snapshotTime(value: Buffer | null): number {
  const at = value?.indexOf(marker) ?? -1;
  if (value === null || at < 0) return Number.NaN;
  const start = at + marker.length;
  return value[start] === quote
    ? Date.parse(value.toString('latin1', start + 1, start + 1 + isoLength))
    : Number(value.toString('latin1', start, start + epochLength));
}
