import { allowedCounts, snapDown } from '../divisors.ts';
import type { ScalingPolicy } from '../policy.ts';

/**
 * Records behind that justify one instance, for a target that knows nothing but the lag: its share of the target lag
 * when all instances run, but never less than what an instance at its full rate has merely under way. Below that, such
 * a target would take the work of a healthy group for a backlog, and always want the maximum.
 */
export function lagThreshold(policy: ScalingPolicy): number {
  const share = (policy.targetLagPerPartition * policy.partitions) / policy.maximum;
  const underWay = policy.recordsPerSecondPerInstance * policy.inFlightSeconds;
  return Math.ceil(Math.max(share, underWay));
}

/** Records a second that justify one instance. */
export function rateThreshold(policy: ScalingPolicy): number {
  return Math.floor(policy.recordsPerSecondPerInstance * policy.targetUtilisation);
}

/** The most instances that a target may start: the policy's, and what is downstream bears while it is well. */
export function mostInstances(policy: ScalingPolicy): number {
  return snapDown(allowedCounts(policy), policy.downstream.maximum);
}
