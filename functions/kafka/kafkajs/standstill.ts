/** Partitions whose next batch cannot be read. They are asked for again now and then, not in every fetch. */
export interface Standstills {
  has(partition: number): boolean;
  /** The partition could not be read: returns the wait before it is tried again, longer each time, up to `longestMs`. */
  add(partition: number, longestMs?: number): number;
  /** The topic does not have this offset: the partition is not asked for there again, whoever comes and goes in the group. */
  halt(partition: number, offset: number): void;
  /** Whether it was halted there in an assignment before. */
  lacks(partition: number, offset: number): boolean;
  /** It could. Whether it could not before. */
  delete(partition: number): boolean;
  /** The group has shared out its partitions anew; `topicGone`: and those of a topic that was made anew. */
  reset(topicGone: boolean): void;
}

const firstWaitMs = 1_000;
const longestWaitMs = 60_000;

export function createStandstills(): Standstills {
  const standing = new Map<number, { waitMs: number; untilMs: number }>();
  const lacking = new Map<number, number>();
  return {
    has: (partition) => (standing.get(partition)?.untilMs ?? Number.NEGATIVE_INFINITY) > performance.now(),
    add(partition, longestMs = longestWaitMs) {
      const before = standing.get(partition)?.waitMs;
      const waitMs = before === undefined ? firstWaitMs : Math.min(longestMs, before * 2);
      standing.set(partition, { waitMs, untilMs: performance.now() + waitMs });
      return waitMs;
    },
    halt(partition, offset) {
      standing.set(partition, { waitMs: firstWaitMs, untilMs: Number.POSITIVE_INFINITY });
      lacking.set(partition, offset);
    },
    lacks: (partition, offset) => lacking.get(partition) === offset,
    delete(partition) {
      // It reads on elsewhere: when it comes by that offset again, the topic has it.
      lacking.delete(partition);
      return standing.delete(partition);
    },
    reset(topicGone) {
      standing.clear();
      if (topicGone) lacking.clear();
    },
  };
}
