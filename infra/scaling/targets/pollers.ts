import type { ScalingPolicy } from '../policy.ts';
import { mostInstances } from './lag-threshold.ts';

/** `ProvisionedPollerConfig` of an event source mapping. */
export interface ProvisionedPollerConfig {
  readonly MinimumPollers: number;
  readonly MaximumPollers: number;
}

const callsPerPoller = 5;

/**
 * Pollers in place of instances, one for one. A poller reads 5 MB/s, half of what an instance handles of records of
 * 0.5 KB, and keeps 5 calls going, five times what an instance does at once. But a call holds the order of its
 * partitions, so that more than a fifth of them in pollers have nothing to call with. Bounds: those of the service.
 */
export function provisionedPollers(policy: ScalingPolicy): ProvisionedPollerConfig {
  const useful = Math.max(1, Math.floor(policy.partitions / callsPerPoller));
  const maximum = Math.min(mostInstances(policy), useful, 2_000);
  return { MinimumPollers: Math.min(policy.minimum, maximum, 200), MaximumPollers: maximum };
}
