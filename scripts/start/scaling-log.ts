import type { ScalingPolicy } from '../../infra/scaling/policy.ts';
import { reversalsOf } from '../support/reversals.ts';

/** One change of the number of instances. */
export interface Scaling {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** One look of the autoscaler, in the order of `looks`. */
export interface ScalingLook {
  /** Since the first look. */
  readonly atMs: number;
  /** Records in the topic, those from before the run included. */
  readonly arrived: number;
  readonly lag: number;
  /** Above the policy's target, and above what is merely under way. */
  readonly backlog: number;
  /** Instances that own partitions. */
  readonly active: number;
  /** Instances asked for. */
  readonly target: number;
}

/** How the autoscaler did: what `--json` prints as `autoscale`. */
export interface ScalingReport {
  readonly policy: string;
  readonly scalings: readonly Scaling[];
  /** Scale-downs that the next scaling took back within twice the window for scaling down. */
  readonly reversals: number;
  /** Most records behind at any look. */
  readonly peakLag: number;
  /** Longest time with a backlog, in ms. */
  readonly backlogMs: number;
  /** Longest time with a backlog after the last scale-up in it had settled, in ms: what `targetDrainSeconds` bounds. */
  readonly drainMs: number;
  /** Instances that took the place of one that had died. */
  readonly replaced: number;
  readonly looks: readonly ScalingLook[];
}

/** Keeps what the autoscaler saw and did. Pure: times are handed in. */
export interface ScalingLog {
  look(look: ScalingLook): void;
  scaled(scaling: Scaling): void;
  replaced(): void;
  scalings(): readonly Scaling[];
  peakLag(): number;
  report(policy: ScalingPolicy): ScalingReport;
}

/** An hour of looks; a longer run keeps its last hour. */
const mostLooks = 3_600;

export function createScalingLog(): ScalingLog {
  const scalings: Scaling[] = [];
  const looks: ScalingLook[] = [];
  let replaced = 0;
  let peakLag = 0;

  return {
    look(look) {
      looks.push(look);
      if (looks.length > mostLooks) looks.shift();
      peakLag = Math.max(peakLag, look.lag);
    },
    scaled: (scaling) => void scalings.push(scaling),
    replaced() {
      replaced += 1;
    },
    scalings: () => scalings,
    peakLag: () => peakLag,
    report: (policy) => ({
      policy: policy.name,
      scalings: [...scalings],
      reversals: reversalsOf(scalings, policy),
      peakLag,
      ...longestBacklog(looks),
      replaced,
      looks: [...looks],
    }),
  };
}

/**
 * Of all stretches of looks with a backlog, the longest, and the longest part of one after the last instance that it
 * asked for was there.
 */
export function longestBacklog(looks: readonly ScalingLook[]): { backlogMs: number; drainMs: number } {
  let longest = { backlogMs: 0, drainMs: 0 };
  for (let index = 0; index < looks.length; index += 1) {
    const first = looks[index] as ScalingLook;
    if (first.backlog === 0) continue;
    let settledAtMs = first.atMs;
    let endMs = first.atMs;
    for (; index < looks.length && (looks[index] as ScalingLook).backlog > 0; index += 1) {
      const { atMs, active, target } = looks[index] as ScalingLook;
      if (active < target) settledAtMs = atMs;
      endMs = looks[index + 1]?.atMs ?? atMs;
    }
    longest = {
      backlogMs: Math.max(longest.backlogMs, endMs - first.atMs),
      drainMs: Math.max(longest.drainMs, endMs - settledAtMs),
    };
  }
  return longest;
}
