import type { ScalingPolicy } from '../../infra/scaling/policy.ts';

/** A change of the count of instances. */
interface Change {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Scale-downs that the next change took back within twice the policy's window for scaling down: a policy that thrashes
 * has many. What comes later is another load.
 */
export function reversalsOf(changes: readonly Change[], { down }: Pick<ScalingPolicy, 'down'>): number {
  return changes.filter(({ atMs, from, to }, index) => {
    const before = changes[index - 1];
    if (before === undefined || before.to >= before.from || to <= from) return false;
    return atMs - before.atMs <= 2_000 * down.windowSeconds;
  }).length;
}
