/** A moment from which on is measured. */
export interface Mark {
  readonly atMs: number;
  readonly text: string;
}

/** When each partition moved: the times at which its outputs and dead letters were appended, ascending. */
export type Movements = readonly (readonly number[])[];

export interface Standstill {
  /** The longest time between two movements of one partition. */
  readonly silenceMs: number;
  /** From a mark to the moment from which no partition stood still any more; 0 when none did. The longest of all marks. */
  readonly recoveredMs: number;
  /** The partition that stood still for longest. */
  readonly partition: number;
}

/** Records come to each partition several times a second: one that does not move for this long stands still. */
const stallMs = 1_000;

/**
 * Measures from the first mark until `endMs`. What was silent before the first mark, and is no more, does not count. A
 * partition that had not moved yet is silent since its first record came in. Those that are `exempt` do not count.
 */
export function measureStandstill(
  arrivals: Movements,
  movements: Movements,
  marks: readonly Mark[],
  endMs: number,
  exempt: ReadonlySet<number> = new Set(),
): Standstill {
  const firstMs = marks[0]?.atMs ?? endMs;
  let silenceMs = 0;
  let longest = 0;
  let recoveredMs = 0;
  for (const [partition, times] of movements.entries()) {
    if (exempt.has(partition)) continue;
    for (const [index, to] of times.entries()) {
      const from = (index === 0 ? arrivals[partition]?.[0] : times[index - 1]) ?? to;
      if (to < firstMs || from > endMs) continue;
      if (to - from > silenceMs) {
        silenceMs = to - from;
        longest = partition;
      }
      if (to - from < stallMs) continue;
      // Blamed on the last thing that happened before it moved again, unless it stood still before that.
      const cause = marks.findLast(({ atMs }) => atMs <= from + stallMs) ?? marks[0];
      if (cause) recoveredMs = Math.max(recoveredMs, to - cause.atMs);
    }
  }
  return { silenceMs, recoveredMs, partition: longest };
}
