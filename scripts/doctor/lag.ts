import type { Extent } from '../support/kafka/offsets.ts';

/** One look at a topic and at how far a group is in it. */
export interface OffsetsLook {
  readonly atMs: number;
  readonly extents: readonly Extent[];
  /** The next offset to read, by partition; none where nothing was ever committed. */
  readonly committed: ReadonlyMap<number, number>;
}

export interface PartitionLag {
  readonly partition: number;
  readonly low: number;
  readonly end: number;
  readonly committed: number | null;
  /** Records that wait. Without a commit: all there are, since reading begins with the earliest. */
  readonly lag: number;
  /** How far the commit went between the looks. */
  readonly moved: number;
  /** Lag at both looks, and no commit between: what waits, waits for something. */
  readonly stuck: boolean;
  readonly outOfRange: 'deleted' | 'beyond the end' | null;
}

export interface LagReport {
  readonly partitions: readonly PartitionLag[];
  readonly total: number;
  readonly seconds: number;
  /** Records a second that came, and that were committed, between the looks. */
  readonly inPerSecond: number;
  readonly committedPerSecond: number;
  readonly growing: boolean;
  /** How long until nothing waits, at this pace; null when it never ends, or when nothing waits. */
  readonly drainSeconds: number | null;
}

/** Compares two looks. Partitions that only one of them could see are left out. */
export function measureLag(first: OffsetsLook, second: OffsetsLook): LagReport {
  const seconds = Math.max(0.001, (second.atMs - first.atMs) / 1_000);
  const pairs = second.extents.flatMap((now) => {
    const before = first.extents.find(({ partition }) => partition === now.partition);
    return before ? [{ before, now }] : [];
  });
  const partitions = pairs.map(({ before, now }): PartitionLag => {
    const was = position(before, first.committed);
    const at = position(now, second.committed);
    const committed = second.committed.get(now.partition) ?? null;
    const lag = Math.max(0, now.end - at);
    const moved = at - was;
    return {
      ...now,
      committed,
      lag,
      moved,
      stuck: lag > 0 && before.end > was && moved === 0 && !isBeyond(now, committed),
      outOfRange: isBeyond(now, committed)
        ? 'beyond the end'
        : committed !== null && committed < now.low
          ? 'deleted'
          : null,
    };
  });
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const total = sum(partitions.map(({ lag }) => lag));
  const before = sum(pairs.map((pair) => Math.max(0, pair.before.end - position(pair.before, first.committed))));
  const inPerSecond = sum(pairs.map((pair) => pair.now.end - pair.before.end)) / seconds;
  const committedPerSecond = sum(partitions.map(({ moved }) => Math.max(0, moved))) / seconds;
  const gain = committedPerSecond - inPerSecond;
  return {
    partitions,
    total,
    seconds,
    inPerSecond,
    committedPerSecond,
    // Less than a second's worth is what lies between two commits.
    growing: total > before && -gain > inPerSecond * 0.05 && total > inPerSecond,
    drainSeconds: total > 0 && gain > 0 ? total / gain : null,
  };
}

function position({ partition, low }: Extent, committed: ReadonlyMap<number, number>): number {
  return Math.max(low, committed.get(partition) ?? low);
}

function isBeyond({ end }: Extent, committed: number | null): boolean {
  return committed !== null && committed > end;
}
