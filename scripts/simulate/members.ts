import type { Costs } from './costs.ts';

/** Who is in the group, while instances start and leave. */
export interface Members {
  /** From `atSeconds` on there are to be so many. */
  change(instances: number, atSeconds: number): void;
  /** Members in one second, on average, and the share of it in which no rebalance stopped them. */
  during(second: number): { readonly count: number; readonly working: number };
  /** Whether all that were asked for by now are members, and no rebalance is under way at the end of a second. */
  settled(second: number): boolean;
  /** Times that members changed until now. */
  changes(): number;
}

interface Planned {
  readonly atSeconds: number;
  readonly instances: number;
  /** Those that leave can be no more than there are by then. */
  readonly leave: boolean;
}

/** A group of `instances` that all run. */
export function membersOf(instances: number, costs: Costs): Members {
  let planned: Planned[] = [];
  let count = instances;
  let asked = instances;
  let changed = 0;
  let stoppedUntil = 0;

  return {
    change(target, atSeconds) {
      const leave = target <= asked;
      const at = atSeconds + (leave ? costs.leaveSeconds : costs.startUpSeconds);
      // Of those that still start, some need not come any more; none comes sooner. A later start replaces what it overtakes.
      const kept = leave
        ? planned.map((plan) => ({ ...plan, instances: Math.min(plan.instances, target) }))
        : planned.filter((plan) => plan.atSeconds <= at);
      planned = [...kept, { atSeconds: at, instances: target, leave }].toSorted((a, b) => a.atSeconds - b.atSeconds);
      asked = target;
    },
    during(second) {
      const end = second + 1;
      let stopped = overlap(second, end, second, stoppedUntil);
      let inSecond = 0;
      let from = second;
      while (planned[0] !== undefined && planned[0].atSeconds < end) {
        const next = planned.shift() as Planned;
        const at = Math.max(second, next.atSeconds);
        const instances = next.leave ? Math.min(count, next.instances) : next.instances;
        if (instances === count) continue;
        inSecond += count * (at - from);
        from = at;
        stopped += overlap(second, end, Math.max(at, stoppedUntil), at + costs.rebalanceSeconds);
        stoppedUntil = Math.max(stoppedUntil, at + costs.rebalanceSeconds);
        count = instances;
        changed += 1;
      }
      inSecond += count * (end - from);
      return { count: inSecond, working: Math.max(0, 1 - stopped) };
    },
    settled: (second) => planned.length === 0 && count === asked && stoppedUntil <= second + 1,
    changes: () => changed,
  };
}

function overlap(fromA: number, toA: number, fromB: number, toB: number): number {
  return Math.max(0, Math.min(toA, toB) - Math.max(fromA, fromB));
}
