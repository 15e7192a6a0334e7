import type { ScalingPolicy } from './policy.ts';

/** The divisors of a number of partitions, ascending: the counts of instances that give each the same share. */
export function divisorsOf(partitions: number): number[] {
  const all = Array.from({ length: Math.max(0, Math.floor(partitions)) }, (_, index) => index + 1);
  return all.filter((count) => partitions % count === 0);
}

/** The counts that a policy allows, ascending: divisors of its partitions between its minimum and maximum. */
export function allowedCounts({ partitions, minimum, maximum }: ScalingPolicy): readonly number[] {
  const key = `${partitions}/${minimum}/${maximum}`;
  const known = cached.get(key);
  if (known !== undefined) return known;
  const counts = divisorsOf(partitions).filter((count) => count >= minimum && count <= maximum);
  cached.set(key, counts);
  return counts;
}

// A simulated day asks 17,280 times, a sweep many times that.
const cached = new Map<string, readonly number[]>();

/** The least of `counts` (ascending, not empty) that is at least `instances`, or the largest of them. */
export function snapUp(counts: readonly number[], instances: number): number {
  return counts.find((count) => count >= instances) ?? (counts.at(-1) as number);
}

/** The largest of `counts` (ascending, not empty) that is at most `instances`, or the least of them. */
export function snapDown(counts: readonly number[], instances: number): number {
  return counts.findLast((count) => count <= instances) ?? (counts[0] as number);
}
