import type { GroupMember } from '../../kafka/port.ts';
import type { Lane } from '../../runtime/lane-contract.ts';

export interface BackPressureLimits {
  readonly laneMaxRecords: number;
  readonly laneMaxBytes: number;
  /** For all lanes together: what keeps the memory of an instance flat however large the backlog is. */
  readonly bufferMaxBytes: number;
}

/** Pauses the fetch of partitions whose lanes are full, and resumes it when they have room. */
export interface BackPressure {
  /** After a push. Pausing right there costs nothing: no fetch that could be thrown away is under way. */
  filled(lane: Lane): void;
  /** After progress in any lane. */
  drained(): void;
  reset(): void;
}

/** Resume at half: were it just below the limit, every record would pause and resume. */
const lowShare = 0.5;
/** Lanes at work make room within milliseconds. When none was made for so long, some of them stand still. */
const crowdedMs = 500;

export function createBackPressure(
  member: Pick<GroupMember, 'pause' | 'resume'>,
  lanes: ReadonlyMap<number, Lane>,
  limits: BackPressureLimits,
): BackPressure {
  const paused = new Set<number>();
  let looking = false;
  let crowdedSinceMs: number | undefined;
  let lookAgain: NodeJS.Timeout | undefined;

  function total(): number {
    let bytes = 0;
    for (const lane of lanes.values()) bytes += lane.bufferedBytes;
    return bytes;
  }

  function low(lane: Lane): boolean {
    return (
      lane.bufferedRecords <= limits.laneMaxRecords * lowShare && lane.bufferedBytes <= limits.laneMaxBytes * lowShare
    );
  }

  function look(): void {
    looking = false;
    const room = total() <= limits.bufferMaxBytes * lowShare;
    crowdedSinceMs = room ? undefined : (crowdedSinceMs ?? performance.now());
    const patience = crowdedSinceMs !== undefined && performance.now() - crowdedSinceMs >= crowdedMs;
    const ready = [...paused].filter((partition) => {
      const lane = lanes.get(partition);
      // An empty lane goes on even so, in the end: one that stands still must not stop all.
      return lane !== undefined && (room ? low(lane) : patience && lane.bufferedRecords === 0);
    });
    for (const partition of ready) paused.delete(partition);
    if (ready.length > 0) member.resume(ready);
    clearTimeout(lookAgain);
    if (!room && paused.size > 0) lookAgain = setTimeout(look, crowdedMs);
  }

  return {
    filled(lane) {
      if (paused.has(lane.partition)) return;
      const full =
        lane.bufferedRecords >= limits.laneMaxRecords ||
        lane.bufferedBytes >= limits.laneMaxBytes ||
        total() >= limits.bufferMaxBytes;
      if (!full) return;
      paused.add(lane.partition);
      member.pause([lane.partition]);
    },
    drained() {
      // Called for every record that ends: one look for all of a turn is enough.
      if (paused.size === 0 || looking) return;
      looking = true;
      setImmediate(look);
    },
    reset() {
      if (paused.size > 0) member.resume([...paused]);
      paused.clear();
      crowdedSinceMs = undefined;
      clearTimeout(lookAgain);
    },
  };
}
