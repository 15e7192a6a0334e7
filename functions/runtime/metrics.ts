import type { DeadLetterCode } from './errors.ts';

/** What the runtime counts about one function, since the process started. The hosts turn it into their own format. */
export interface Metrics {
  recordsIn: number;
  recordsOut: number;
  recordsFiltered: number;
  recordsDead: Record<DeadLetterCode, number>;
  retries: number;
  /** Lanes that are now waiting for a dependency to come back. */
  waitingForDependency: number;
  rebalances: number;
  commits: number;
  commitsRefused: number;
  /** For another reason than that: they are tried again. */
  commitsFailed: number;
  partitionsLost: number;
  /** Done and not committed when their partition was lost, up to the first not done, or stored later: done again elsewhere. */
  recordsLate: number;
  /** Assignments of which this instance was told that members of its group read another topic. */
  sharings: number;
  /** Times that the group said nothing for a session timeout. */
  membershipDoubts: number;
  /** Partitions that went on elsewhere since their offset was out of range. */
  offsetsMoved: number;
  latency: Histogram;
}

/** A histogram in Prometheus' sense: counts of observations at or below each bound. */
export interface Histogram {
  /** Upper bounds in seconds, ascending; one more bucket stands for everything above. */
  readonly boundsSeconds: readonly number[];
  readonly counts: number[];
  sumSeconds: number;
}

const latencyBoundsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600];

export function createMetrics(): Metrics {
  return {
    recordsIn: 0,
    recordsOut: 0,
    recordsFiltered: 0,
    recordsDead: {
      DECODE_FAILED: 0,
      CONTRACT_VIOLATED: 0,
      OUTPUT_TOO_LARGE: 0,
      HANDLER_FAILED: 0,
      RETRIES_EXHAUSTED: 0,
      KEY_PARKED: 0,
    },
    retries: 0,
    waitingForDependency: 0,
    rebalances: 0,
    commits: 0,
    commitsRefused: 0,
    commitsFailed: 0,
    partitionsLost: 0,
    recordsLate: 0,
    sharings: 0,
    membershipDoubts: 0,
    offsetsMoved: 0,
    latency: {
      boundsSeconds: latencyBoundsSeconds,
      counts: new Array<number>(latencyBoundsSeconds.length + 1).fill(0),
      sumSeconds: 0,
    },
  };
}

export function observe(histogram: Histogram, seconds: number): void {
  const bounds = histogram.boundsSeconds;
  let index = 0;
  while (index < bounds.length && seconds > (bounds[index] ?? 0)) index += 1;
  histogram.counts[index] = (histogram.counts[index] ?? 0) + 1;
  histogram.sumSeconds += seconds;
}
