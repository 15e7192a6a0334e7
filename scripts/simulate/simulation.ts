import { backlogOf, decide, noHistory, remember } from '../../infra/scaling/decide.ts';
import type { Downstream, ScalingHistory, ScalingPolicy, ScalingState } from '../../infra/scaling/policy.ts';
import { reversalsOf } from '../support/reversals.ts';
import type { Costs } from './costs.ts';
import { type Members, membersOf } from './members.ts';
import type { Trace } from './trace.ts';

/** A change of the count that the policy made. */
export interface ScalingEvent {
  /** Seconds from the start of the trace. */
  readonly atSeconds: number;
  readonly from: number;
  readonly to: number;
  /** Records behind when it was decided. */
  readonly lag: number;
  readonly reason: string;
}

/** What became of a trace under a policy, second by second and in all. */
export interface Simulation {
  readonly policy: ScalingPolicy;
  readonly trace: Trace;
  readonly events: readonly ScalingEvent[];
  /** Records behind at the end of each second. */
  readonly lag: Float64Array;
  /** Instances asked for in each second. */
  readonly instances: Float64Array;
  readonly figures: Figures;
}

/** What is compared. */
export interface Figures {
  readonly records: number;
  readonly peakLag: number;
  readonly peakLagAtSeconds: number;
  /** The longest time from leaving the lag target to regaining it. */
  readonly longestDrainSeconds: number;
  readonly secondsAboveTarget: number;
  readonly peakInstances: number;
  readonly instanceHours: number;
  readonly scalings: number;
  /** Times that the group changed its members. */
  readonly rebalances: number;
  /** Scale-downs that were taken back within twice the window for scaling down. */
  readonly reversals: number;
  /** Records that were still behind when the trace ended. */
  readonly lagAtEnd: number;
}

/** What may be different from a quiet start with a healthy output. */
export interface SimulationOptions {
  /** Instances at the beginning; without it the policy's minimum. */
  readonly instances?: number;
  /** How the output is at a second of the trace; without it always healthy. */
  readonly downstreamAt?: (second: number) => Downstream;
  /** Changes nothing before the last change is complete, as the local autoscaler does and Kubernetes does not. */
  readonly oneChangeAtATime?: boolean;
}

/**
 * Replays a trace at steps of a second, deciding with the policy's own `decide`. The group is one queue with even
 * shares: records wait, instances that are members take them off at their rate, and a change of members stops them all.
 */
export function simulate(
  policy: ScalingPolicy,
  trace: Trace,
  costs: Costs,
  options: SimulationOptions = {},
): Simulation {
  const seconds = trace.rates.length;
  const lag = new Float64Array(seconds);
  const instances = new Float64Array(seconds);
  const events: ScalingEvent[] = [];
  const interval = Math.max(1, Math.round(policy.intervalSeconds));
  const members = membersOf(options.instances ?? policy.minimum, costs);
  let asked = options.instances ?? policy.minimum;
  let history: ScalingHistory = noHistory;
  let queued = 0;
  let arrivedLately = 0;
  let arrived = 0;
  let aboveSeconds = 0;
  let above = 0;
  let longestDrainSeconds = 0;

  for (let second = 0; second < seconds; second += 1) {
    const rate = trace.rates[second] as number;
    const before = queued + rate;
    const handled = Math.min(before, capacity(members, second, costs));
    queued = before - handled;
    arrived += rate;
    arrivedLately += rate;
    lag[second] = queued + handled * costs.commitSeconds;
    const behind = { total: lag[second] as number, worstPartition: (lag[second] as number) / policy.partitions };
    above = backlogOf(policy, { lag: behind, ratePerSecond: rate }) > 0 ? above + 1 : 0;
    if (above > 0) aboveSeconds += 1;
    longestDrainSeconds = Math.max(longestDrainSeconds, above);
    if ((second + 1) % interval === 0) {
      const state: ScalingState = {
        nowMs: trace.startMs + (second + 1) * 1_000,
        instances: asked,
        lag: behind,
        ratePerSecond: arrivedLately / interval,
        downstream: options.downstreamAt?.(second) ?? 'healthy',
        history,
      };
      const decided = decide(policy, state);
      const held = options.oneChangeAtATime === true && !members.settled(second);
      const decision = held ? { ...decided, instances: asked } : decided;
      history = remember(policy, state, decision);
      arrivedLately = 0;
      if (decision.instances !== asked) {
        const change = { from: asked, to: decision.instances, lag: behind.total, reason: decision.reason };
        events.push({ atSeconds: second + 1, ...change });
        members.change(decision.instances, second + 1);
        asked = decision.instances;
      }
    }
    instances[second] = asked;
  }

  const peak = indexOfMost(lag);
  const figures: Figures = {
    records: arrived,
    peakLag: lag[peak] ?? 0,
    peakLagAtSeconds: peak,
    longestDrainSeconds,
    secondsAboveTarget: aboveSeconds,
    peakInstances: instances[indexOfMost(instances)] ?? 0,
    instanceHours: instances.reduce((sum, count) => sum + count, 0) / 3_600,
    scalings: events.length,
    rebalances: members.changes(),
    reversals: reversalsOf(
      events.map(({ atSeconds, from, to }) => ({ atMs: atSeconds * 1_000, from, to })),
      policy,
    ),
    lagAtEnd: lag.at(-1) ?? 0,
  };
  return { policy, trace, events, lag, instances, figures };
}

function capacity(members: Members, second: number, costs: Costs): number {
  const { count, working } = members.during(second);
  const together = count * costs.recordsPerSecondPerInstance;
  return working * Math.min(together, costs.recordsPerSecondTogether ?? together);
}

function indexOfMost(values: Float64Array): number {
  let most = 0;
  for (let index = 1; index < values.length; index += 1) {
    if ((values[index] as number) > (values[most] as number)) most = index;
  }
  return most;
}
