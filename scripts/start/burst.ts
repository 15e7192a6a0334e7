import type { ScalingPolicy } from '../../infra/scaling/policy.ts';
import { localScaling } from '../../infra/scaling.ts';

/**
 * The built-in burst: for some seconds more arrives than the minimum of instances, each held to a share of a core, can
 * do. A whole instance of this runtime does more than brokers and feed on two cores could bring, so none would be needed.
 */
export const burst = {
  profile: '5s:300,18s:2700,5s:300',
  contracts: '2',
  cpu: '0.1',
} as const;

/** The local policy in the time and at the rates of the burst. */
export const burstScaling: ScalingPolicy = {
  ...localScaling,
  name: 'burst',
  targetLagPerPartition: 30,
  targetDrainSeconds: 20,
  recordsPerSecondPerInstance: 400,
  up: { windowSeconds: 2, periodSeconds: 3, maxFactor: 2 },
  down: { windowSeconds: 6, periodSeconds: 8, maxFactor: 3 },
  // Brokers share the cores with the instances: when they are slow it is the burst, and no reason to let go.
  downstream: { maximum: 6, degradedMaximum: 6 },
};
