/** A record on its way: handed out in offset order, done in any order. */
export interface Tracked {
  readonly offset: number;
  /** Set once everything that the record caused is acknowledged, and never unset. */
  done: boolean;
}

/**
 * The one place that computes what may be committed: the offset after the longest run of done records. The response
 * of the function host comes from the same value, so both hosts acknowledge the same records.
 */
export interface OffsetTracker<Entry extends Tracked> {
  /** Adds a record in offset order. */
  add(entry: Entry): void;
  /** Counts a record as done, and moves the position over it if all before it are done too. */
  finish(entry: Entry): void;
  /** Moves the position to an offset before which no record is left; nothing may be outstanding. */
  skip(to: number): void;
  /** The offset to commit, or `undefined` while no record is done. */
  readonly position: number | undefined;
  /** The first record that is not done. Everything from it on will be delivered again. */
  readonly firstUndone: Entry | undefined;
  /** The last record that this holds for, of those that the position has not passed. */
  last(holds: (entry: Entry) => boolean): Entry | undefined;
  /** Records added and not yet passed by the position: the bound of what memory holds. */
  readonly outstanding: number;
}

const compactAbove = 1_024;

export function createOffsetTracker<Entry extends Tracked>(): OffsetTracker<Entry> {
  let entries: (Entry | undefined)[] = [];
  let head = 0;
  let position: number | undefined;
  return {
    add(entry) {
      entries.push(entry);
    },
    finish(entry) {
      entry.done = true;
      let first = entries[head];
      while (first?.done) {
        // Offsets may have gaps (compaction, transaction markers): the position follows the record, not a count.
        position = first.offset + 1;
        // Let go at once: a record is a view of the whole response that it came in.
        entries[head] = undefined;
        head += 1;
        first = entries[head];
      }
      if (head === entries.length) {
        entries.length = 0;
        head = 0;
      } else if (head > compactAbove && head * 2 > entries.length) {
        entries = entries.slice(head);
        head = 0;
      }
    },
    skip(to) {
      position = to;
    },
    get position() {
      return position;
    },
    get firstUndone() {
      return entries[head];
    },
    last(holds) {
      for (let index = entries.length - 1; index >= head; index -= 1) {
        const entry = entries[index] as Entry; // the index is within bounds
        if (holds(entry)) return entry;
      }
      return undefined;
    },
    get outstanding() {
      return entries.length - head;
    },
  };
}
