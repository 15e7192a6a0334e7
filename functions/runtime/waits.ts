import type { Metrics } from './metrics.ts';

/** How soon a lane that may not go on looks again for a record that has waited long enough. */
export const heldRecheckMs = 100;

/** The waits of a lane: for a record's next try, or for a dependency. */
export interface Waits {
  /** Runs the work of the record at this offset after the delay, unless `cancel` comes first. */
  later(delayMs: number, offset: number, work: () => void): void;
  /** The same, for a record's next try. */
  nextTry(delayMs: number, offset: number, work: () => void): void;
  /** Whether the record at this offset waits for its next try: standing still is right then. */
  triesLater(offset: number): boolean;
  /** The same, and counts as waiting for a dependency meanwhile. */
  forDependency(delayMs: number, offset: number, work: () => void): void;
  readonly dependencyDown: boolean;
  /** Forgets the waits for a dependency, and says the first offset that had one: `Infinity` when there was none. */
  giveUpDependencies(): number;
  /** Forgets the waits for a next try, at this offset and behind it. */
  giveUpTries(from: number): void;
}

export function createWaits(metrics: Metrics): Waits {
  const tries = new Map<NodeJS.Timeout, number>();
  const retried = new Set<number>();
  const blocked = new Map<NodeJS.Timeout, number>();
  let dependencies = 0;

  function count(change: number): void {
    const wasDown = dependencies > 0;
    dependencies += change;
    metrics.waitingForDependency += Number(dependencies > 0) - Number(wasDown);
  }

  function later(delayMs: number, offset: number, work: () => void): void {
    const timer = setTimeout(() => {
      tries.delete(timer);
      work();
    }, delayMs);
    tries.set(timer, offset);
  }

  return {
    later,
    nextTry(delayMs, offset, work) {
      retried.add(offset);
      later(delayMs, offset, () => {
        retried.delete(offset);
        work();
      });
    },
    triesLater: (offset) => retried.has(offset),
    forDependency(delayMs, offset, work) {
      count(1);
      const timer = setTimeout(() => {
        blocked.delete(timer);
        count(-1);
        work();
      }, delayMs);
      blocked.set(timer, offset);
    },
    get dependencyDown() {
      return dependencies > 0;
    },
    giveUpDependencies() {
      const first = Math.min(Number.POSITIVE_INFINITY, ...blocked.values());
      for (const timer of blocked.keys()) clearTimeout(timer);
      blocked.clear();
      count(-dependencies);
      return first;
    },
    giveUpTries(from) {
      for (const [timer, offset] of tries) {
        if (offset < from) continue;
        clearTimeout(timer);
        tries.delete(timer);
        retried.delete(offset);
      }
    },
  };
}
