import type { ScaledGroup } from './autoscaler.ts';
import type { Parts } from './pipeline.ts';

/** The running pipeline, as the autoscaler sees and moves it. */
export function scaledGroup({ fleet, offsets, group, topics }: Parts): ScaledGroup {
  return {
    instances: fleet.instances,
    whole: () => fleet.ownership.whole(),
    add: () => void fleet.add(),
    remove: () => fleet.remove(),
    position: () => offsets.position(group, topics.source),
    async downstream() {
      const told = await Promise.all(fleet.alive().map((instance) => instance.waitsForDownstream()));
      return told.includes(true) ? 'degraded' : 'healthy';
    },
  };
}
