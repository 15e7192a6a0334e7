/** What the watchdog looks at. */
export interface Vitals {
  /** Records fetched, queued or in flight. */
  readonly backlog: number;
  /** Grows with everything that gets done. */
  readonly progress: number;
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

/** Ends a process that stands still without knowing why: its orchestrator starts a new one. */
export function startWatchdog(
  vitals: () => Vitals,
  limitMs: number,
  onStuck: (reason: string) => void,
  now: () => number = Date.now,
): Watchdog {
  let lastProgress = -1;
  let movedAtMs = now();
  let memberAtMs = now();

  function check(): void {
    const { backlog, progress, member, waiting } = vitals();
    if (progress !== lastProgress || backlog === 0 || waiting || !member) movedAtMs = now();
    lastProgress = progress;
    if (member) memberAtMs = now();
    if (now() - movedAtMs >= limitMs) {
      onStuck(`${backlog} records wait and none has moved for ${now() - movedAtMs} ms`);
    } else if (now() - memberAtMs >= limitMs) {
      onStuck(`this instance has been no member of its group for ${now() - memberAtMs} ms`);
    }
  }

  const timer = setInterval(check, Math.max(100, limitMs / 10));
  timer.unref();
  return { check, stop: () => clearInterval(timer) };
}
