import type { GroupMember } from '../../kafka/port.ts';
import type { Logger } from '../../runtime/contract.ts';
import type { Lane } from '../../runtime/lane-contract.ts';
import type { Metrics } from '../../runtime/metrics.ts';

/**
 * Commits the positions of the lanes: on a timer, and when asked. Never backwards, never two requests at once. An interval that
 * had nothing to commit leaves its commit to later ones, which go right after progress: what comes in bursts is done twice less
 * when a member is killed, and brokers have at most one commit an interval from it, on average.
 */
export interface Committer {
  /** After progress in any lane. */
  progressed(): void;
  /** A new assignment: what was committed before says nothing about it. */
  reset(): void;
  /** A partition goes on elsewhere, maybe further ahead in the topic: that is where it stands from now on. */
  moved(partition: number, to: number): void;
  /** Commits what is done and not committed; true when all of it is. */
  flush(): Promise<boolean>;
  /** Records that are done and not committed, up to the first that is not done. Offsets may have gaps: it may be less. */
  owed(): number;
  /** Why the last commit failed, if it did and will be tried again. */
  readonly failing: string | undefined;
  stop(): void;
}

/** So many commits of intervals without any are kept for later: an interval has up to so many more than its own. */
const mostSaved = 3;
/** What is done within this time goes into one commit: three leaders' answers are not to take three of them. */
const soonMs = 2;

export function createCommitter(
  member: GroupMember,
  lanes: ReadonlyMap<number, Lane>,
  intervalMs: number,
  metrics: Metrics,
  log: Logger,
  onCommitted: () => void = () => undefined,
): Committer {
  const committed = new Map<number, number>();
  /** Behind which nothing is committed: what was committed last, or where the partition was moved to since. */
  const bases = new Map<number, number>();
  /** Where partitions went on that were moved, and what their lanes said then. */
  const moves = new Map<number, { readonly to: number; readonly passed: number | undefined }>();
  let epoch = 0;
  let failing: string | undefined;
  /** Whether it was told in this assignment that a commit was refused. */
  let refused = false;
  let running: Promise<boolean> = Promise.resolve(true);
  let queued: Promise<boolean> | undefined;
  let busy = false;
  let saved = 0;
  let soon: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (uncommitted().size === 0) saved = Math.min(mostSaved, saved + 1);
    void flush();
  }, intervalMs);

  function progressed(): void {
    if (saved > 0 && !busy) soon ??= setTimeout(commitSoon, soonMs);
  }

  function commitSoon(): void {
    soon = undefined;
    if (busy || saved === 0 || uncommitted().size === 0) return; // busy: what is under way counts as uncommitted
    saved -= 1;
    void flush();
  }

  function flush(): Promise<boolean> {
    // One request at a time, and one more behind it that takes whatever is done by then.
    queued ??= running.then(() => {
      queued = undefined;
      running = commitOnce();
      return running;
    });
    return queued;
  }

  /** What is done and not committed. */
  function uncommitted(): Map<number, number> {
    const offsets = new Map<number, number>();
    for (const [partition, lane] of lanes) {
      const move = moves.get(partition);
      const position = move !== undefined && lane.position === move.passed ? move.to : lane.position;
      const before = committed.get(partition) ?? -1;
      // Never backwards, but where the topic itself went back.
      if (position !== undefined && (move === undefined ? position > before : position !== before)) {
        offsets.set(partition, position);
      }
    }
    return offsets;
  }

  function owed(): number {
    let count = 0;
    for (const [partition, position] of uncommitted()) {
      count += Math.max(0, position - (bases.get(partition) ?? lanes.get(partition)?.start ?? position));
    }
    return count;
  }

  async function commitOnce(): Promise<boolean> {
    const offsets = uncommitted();
    if (offsets.size === 0) return true;
    const startedIn = epoch;
    busy = true;
    const result = await member.commit(offsets);
    busy = false;
    const taken = result === 'committed';
    // Where commits are not taken, trying more often is no help.
    if (taken) progressed();
    else saved = 0;
    if (startedIn !== epoch) return false;
    if (taken) {
      metrics.commits += 1;
      for (const [partition, offset] of offsets) {
        committed.set(partition, offset);
        bases.set(partition, offset);
      }
      failing = undefined;
      onCommitted();
      return true;
    }
    if (result === 'refused') {
      metrics.commitsRefused += 1;
      // Tried until the member has heard of it as well, and told once.
      if (!refused)
        log.warn({ partitions: offsets.size }, 'Commit refused: the group has given these partitions to others');
      refused = true;
    } else if (result instanceof Error) {
      metrics.commitsFailed += 1;
      if (failing === undefined) log.warn({ error: result.message }, 'Commits fail: tried until one is taken');
      failing = result.message;
    }
    return false;
  }

  return {
    progressed,
    reset() {
      epoch += 1;
      committed.clear();
      bases.clear();
      moves.clear();
      // With other partitions, or none, there may be nothing to commit that would end it.
      failing = undefined;
      refused = false;
    },
    moved(partition, to) {
      moves.set(partition, { to, passed: lanes.get(partition)?.position });
      bases.set(partition, to);
    },
    flush,
    owed,
    get failing() {
      return failing;
    },
    stop() {
      clearInterval(timer);
      clearTimeout(soon);
      saved = 0;
    },
  };
}
