import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Past } from '../../../functions/analytics/past.ts';
import { type Range, type Reach, rangeOf, rangesOf, slide, type Wanted } from '../../../functions/analytics/windows.ts';

/** A snapshot of the log, its offset being its place in it. */
interface Logged {
  readonly symbolId: number;
  readonly micros: number;
}

const expiry = '2026-12-31';
// A time is the key of a snapshot among those of its symbol: of two the later one in the log is the one that counts.
const logs = fc.uniqueArray(
  fc.record({ symbolId: fc.integer({ min: 1, max: 2 }), micros: fc.integer({ min: 1_000, max: 1_150 }) }),
  {
    selector: ({ symbolId, micros }) => `${symbolId} ${micros}`,
    maxLength: 60,
  },
);
const reaches = fc.record({
  snapshots: fc.integer({ min: 1, max: 12 }),
  lookbackMicros: fc.bigInt({ min: 1n, max: 120n }),
});

const wantedOf = ({ symbolId, micros }: Logged, offset: number): Wanted => ({
  ...{ index: offset, offset, symbolId, expiry, micros: BigInt(micros), source: { partition: 0, offset } },
});
const pastOf = ({ micros }: Logged, offset: number): Past => ({
  ...{ micros: BigInt(micros), offset, spot: 1, atmIv: null },
});

/** What the statement gives for a range: the same conditions, over a list. */
function read(log: readonly Logged[], { symbolId, from, to, before, most }: Range): Past[] {
  return log
    .map((one, offset) => ({ one, past: pastOf(one, offset) }))
    .filter(({ one }) => one.symbolId === symbolId && one.micros >= from && one.micros < to)
    .filter(({ past }) => before === undefined || past.offset < before)
    .map(({ past }) => past)
    .toSorted((a, b) => Number(a.micros - b.micros))
    .slice(-most);
}

/** The offsets of the window of each snapshot of a batch, and how many had to be read by themselves. */
function windowsOf(log: readonly Logged[], batch: readonly Wanted[], reach: Reach) {
  const windows = new Map<number, readonly number[]>();
  let alone = 0;
  for (const range of rangesOf(batch, reach)) {
    for (const [one, window] of slide(range, read(log, range), reach)) {
      const own = rangeOf(one, reach);
      if (window === undefined) alone += 1;
      const complete = window ?? slide(own, read(log, own), reach).get(one);
      windows.set(
        one.offset,
        (complete ?? []).map(({ offset }) => offset),
      );
    }
  }
  return { windows, alone };
}

describe('windows', () => {
  test('are what stands before in the log and lies before in time, whatever is stored by then and however batches are cut', () => {
    fc.assert(
      fc.property(logs, reaches, fc.array(fc.nat(60), { maxLength: 8 }), (log, reach, cuts) => {
        const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < log.length), log.length])].sort(
          (a, b) => a - b,
        );
        let from = 0;
        for (const to of ends) {
          const batch = log.slice(from, to).map((one, index) => wantedOf(one, from + index));
          const { windows } = windowsOf(log, batch, reach);
          for (const { offset, micros, symbolId } of batch) {
            const before = log
              .map((one, index) => ({ ...one, index }))
              .slice(0, offset)
              .filter((one) => one.symbolId === symbolId && one.micros < micros)
              .filter((one) => one.micros >= micros - reach.lookbackMicros)
              .sort((a, b) => a.micros - b.micros)
              .slice(-reach.snapshots);
            expect(windows.get(offset)).toEqual(before.map(({ index }) => index));
          }
          from = to;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('leave out an earlier record of the very time, which this one corrects', () => {
    const log = [5, 10, 10, 11].map((micros) => ({ symbolId: 1, micros }));
    const batch = log.map(wantedOf).slice(2);
    const { windows } = windowsOf(log.slice(0, 2), batch, { snapshots: 10, lookbackMicros: 100n });
    expect([windows.get(2), windows.get(3)]).toEqual([[0], [0, 1]]);
  });

  test('of snapshots that follow one another take one range a symbol, also when all comes again', () => {
    const log = Array.from({ length: 60 }, (_, offset) => ({ symbolId: 1 + (offset % 2), micros: 1_000 + offset }));
    const reach = { snapshots: 10, lookbackMicros: 1_000n };
    for (const from of [0, 20, 40]) {
      const batch = log.slice(from, from + 20).map((one, index) => wantedOf(one, from + index));
      expect(rangesOf(batch, reach)).toHaveLength(2);
      expect(windowsOf(log, batch, reach).alone).toBe(0);
    }
  });
});
