import type { Delivery } from './delivery.ts';
import type { OffsetTracker } from './tracker.ts';
import type { Waits } from './waits.ts';

/** The end of a lane: what is in flight, which record is left undone, and when a stop has nothing more to wait for. */
export interface LaneEnd {
  readonly stopping: boolean;
  /** Nothing is in flight, and nothing waits that a stop has to wait for. */
  settled(): boolean;
  /** Told to handlers. */
  readonly signal: AbortSignal;
  /** Something is in a handler, or published and not acknowledged: a drain waits for it, until it has `landed`. */
  inFlight(): void;
  landed(): void;
  /**
   * While the lane stops, a record that was handed out and waits (behind another of its key, or for its next try) still
   * goes on when a later one is done or about to be: the position must pass both, or the later one would be doubled.
   */
  mayGoOn(delivery: Delivery): boolean;
  /** The record is left undone: it will be delivered again, with all behind it. */
  abandon(delivery: Delivery): false;
  /** Looks again whether a stop is over: after what waited neither went on nor waits any more. */
  look(): void;
  /** Resolves when what is in flight is done, or cannot be. */
  stop(): Promise<void>;
  /** Waits for nothing more. */
  abort(reason: string): void;
}

export function createLaneEnd(
  tracker: OffsetTracker<Delivery>,
  waits: Waits,
  onProgress: (() => void) | undefined,
): LaneEnd {
  const abortion = new AbortController();
  const { signal } = abortion;
  /** What a drain waits for. Waiting for a retry is not in flight. */
  let count = 0;
  let whenIdle: (() => void)[] = [];
  /** A stop waits for nothing from here on: this record is left undone, and so is all behind it. */
  let abandonedAt = Number.POSITIVE_INFINITY;

  function settled(): boolean {
    if (count > 0) return false;
    if (!end.stopping || signal.aborted) return true;
    return (tracker.firstUndone?.offset ?? Number.POSITIVE_INFINITY) >= finishLine();
  }

  /** The last record that is done or in flight, if all before it can be done as well. */
  function finishLine(): number {
    const last = tracker.last(({ done, departed, running }) => done || departed || running);
    return Math.min(abandonedAt, last?.offset ?? Number.NEGATIVE_INFINITY);
  }

  function look(): void {
    if (!end.stopping || !settled()) return;
    tell();
    onProgress?.();
  }

  function tell(): void {
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }

  // Asked for each record: a field costs less than a getter, of which each lane would have one of its own.
  const end = {
    signal,
    stopping: false,
    settled,
    inFlight() {
      count += 1;
    },
    landed() {
      count -= 1;
      if (end.stopping) look();
    },
    mayGoOn: (delivery: Delivery) => !end.stopping || (!signal.aborted && delivery.offset < finishLine()),
    abandon(delivery: Delivery): false {
      abandonedAt = Math.min(abandonedAt, delivery.offset);
      return false;
    },
    look,
    stop(): Promise<void> {
      end.stopping = true;
      abandonedAt = Math.min(abandonedAt, waits.giveUpDependencies());
      waits.giveUpTries(finishLine());
      if (signal.aborted || settled()) return Promise.resolve();
      return new Promise((resolve) => whenIdle.push(resolve));
    },
    abort(reason: string) {
      abortion.abort(new Error(reason));
      waits.giveUpTries(Number.NEGATIVE_INFINITY);
      tell();
    },
  };
  return end;
}
