import type { Metrics } from './metrics.ts';

/** The waits of a lane: for a record's next try, or for a dependency. */
export interface Waits {
  /** Runs the work after the delay, unless `cancel` comes first. */
  later(delayMs: number, work: () => void): void;
  /** The same, and counts as waiting for a dependency meanwhile. */
  forDependency(delayMs: number, work: () => void): void;
  readonly dependencyDown: boolean;
  /** Forgets all waits: what they were for is not done. */
  cancel(): void;
}

export function createWaits(metrics: Metrics): Waits {
  const timers = new Set<NodeJS.Timeout>();
  let dependencies = 0;

  function count(change: number): void {
    const wasDown = dependencies > 0;
    dependencies += change;
    metrics.waitingForDependency += Number(dependencies > 0) - Number(wasDown);
  }

  function later(delayMs: number, work: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, delayMs);
    timers.add(timer);
  }

  return {
    later,
    forDependency(delayMs, work) {
      count(1);
      later(delayMs, () => {
        count(-1);
        work();
      });
    },
    get dependencyDown() {
      return dependencies > 0;
    },
    cancel() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      count(-dependencies);
    },
  };
}
