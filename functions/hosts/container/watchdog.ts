import type { Lane } from '../../runtime/lane-contract.ts';

/** What the watchdog looks at. */
export interface Vitals {
  /** Of each partition that has records which are not done: in words, where the first of them stands. */
  readonly heads: ReadonlyMap<number, string>;
  /** Whether the group has given this instance an assignment, even an empty one. */
  readonly member: boolean;
  /** A dependency is known to be down: standing still is right, and a restart would not help. */
  readonly waiting: boolean;
}

export interface Watchdog {
  /** Looks now. */
  check(): void;
  stop(): void;
}

/**
 * Ends a process that stands still without knowing why, be it with one of its partitions: its orchestrator starts a new one.
 * Not by the time of day: a clock that is set forward would make a moment of it an hour.
 */
export function startWatchdog(
  vitals: () => Vitals,
  limitMs: number,
  onStuck: (reason: string) => void,
  now: () => number = () => performance.now(),
): Watchdog {
  let standing = new Map<number, { readonly head: string; readonly sinceMs: number }>();
  let memberAtMs = now();

  function check(): void {
    const { heads, member, waiting } = vitals();
    const nowMs = now();
    if (member) memberAtMs = nowMs;
    const before = standing;
    standing = new Map();
    for (const [partition, head] of heads) {
      const known = before.get(partition);
      const stands = known?.head === head && member && !waiting;
      standing.set(partition, stands ? known : { head, sinceMs: nowMs });
    }
    const stuck = [...standing].find(([, { sinceMs }]) => nowMs - sinceMs >= limitMs);
    if (stuck !== undefined) {
      const [partition, { head, sinceMs }] = stuck;
      onStuck(`partition ${partition} has stood still at ${head} for ${Math.round(nowMs - sinceMs)} ms`);
    } else if (nowMs - memberAtMs >= limitMs) {
      onStuck(`this instance has been no member of its group for ${Math.round(nowMs - memberAtMs)} ms`);
    }
  }

  const timer = setInterval(check, Math.max(100, limitMs / 10));
  timer.unref();
  return { check, stop: () => clearInterval(timer) };
}

/** A first record that waits for its next try stands still on purpose, however long. */
export function headsOf(
  lanes: ReadonlyMap<number, Pick<Lane, 'firstUndone' | 'tries' | 'triesLater'>>,
): Map<number, string> {
  const heads = new Map<number, string>();
  for (const [partition, { firstUndone, tries, triesLater }] of lanes) {
    if (firstUndone !== undefined && !triesLater) heads.set(partition, `offset ${firstUndone}, try ${tries}`);
  }
  return heads;
}
