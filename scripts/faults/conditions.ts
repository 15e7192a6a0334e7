import type { Conditions } from './scenario.ts';

/** KAFKA_HEARTBEAT_INTERVAL_MS, where nobody changed it: how soon the others learn of a rebalance. */
export const heartbeatIntervalMs = 1_000;
/** What a rebalance and the first fetch may take on a busy machine. */
export const takeOverMs = 2_000;
/** DRAIN_DEADLINE_MS, where nobody changed it. */
export const drainDeadlineMs = 10_000;
/** KAFKA_COMMIT_INTERVAL_MS, where nobody changed it. */
const commitIntervalMs = 50;
/** What a commit takes to be stored by all replicas on a busy machine: 50 ms in half of the cases. */
const commitTakesMs = 100;

/**
 * Records of one instance that no commit covers yet: what it may do twice when it goes without a word. Where brokers are slow it
 * is more: what they have not acknowledged, and what came in the time of two commits, for each begins when the last has ended.
 */
export function inFlight({ rate, instances }: Conditions): number {
  return Math.ceil((rate / instances) * ((commitIntervalMs + commitTakesMs) / 1_000));
}
