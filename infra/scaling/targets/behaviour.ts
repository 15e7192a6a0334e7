import type { ScalingPolicy, Stabilisation } from '../policy.ts';

/** `behavior` of autoscaling/v2: it means by windows and periods what a policy does. */
export function hpaBehaviour({ up, down }: ScalingPolicy) {
  return {
    scaleUp: rules(up, Math.round((up.maxFactor - 1) * 100)),
    scaleDown: rules(down, Math.round((1 - 1 / down.maxFactor) * 100)),
  };
}

function rules({ windowSeconds, periodSeconds }: Stabilisation, percent: number) {
  return {
    stabilizationWindowSeconds: Math.round(windowSeconds),
    policies: [{ type: 'Percent', value: percent, periodSeconds: Math.round(periodSeconds) }],
  };
}
