import { calendarWord } from './calendar.ts';
import { allowedCounts, snapDown, snapUp } from './divisors.ts';
import type { ScalingDecision, ScalingHistory, ScalingPolicy, ScalingState } from './policy.ts';

/** What one moment asks for, whatever was before: a count of instances, not yet snapped or bounded, and why. */
interface Need {
  readonly instances: number;
  /** Said only when it counts: a simulated day decides 17,280 times. */
  readonly reason: () => string;
}

const silent = (): string => '';
const nothing: Need = { instances: 0, reason: silent };

/**
 * How many instances there should be, by a policy without problems (`policyProblems`): what rate, backlog and calendar
 * need, as a divisor of the partitions within the bounds, after stabilisation, below the ceiling of what is downstream.
 */
export function decide(policy: ScalingPolicy, state: ScalingState): ScalingDecision {
  const counts = allowedCounts(policy);
  const need = largestNeed(policy, state);
  const wanted = snapUp(counts, need.instances);
  const settled = stabilise(policy, { ...state, instances: snapUp(counts, state.instances) }, wanted);
  const ceiling = ceilingOf(policy, state, wanted);
  const instances = Math.min(settled.instances, ceiling.instances);
  const bounded = need.instances > policy.maximum ? `, of which the maximum allows ${policy.maximum}` : '';
  const held = instances < settled.instances || state.downstream === 'degraded' ? ceiling : settled;
  return { instances, wanted, reason: `${need.reason()}${bounded}${held.reason()}` };
}

/** The history to give to the next decision: this one added, what no window reaches any more left out. */
export function remember(policy: ScalingPolicy, state: ScalingState, decision: ScalingDecision): ScalingHistory {
  const reachMs = Math.max(policy.up.windowSeconds, policy.down.windowSeconds) * 1_000;
  const { wanted } = state.history;
  const wish = borneOf(policy, state, decision.wanted);
  // Of the same wish again and again, the last time is all that a window can tell.
  const before = wanted.at(-1)?.instances === wish ? wanted.slice(0, -1) : wanted;
  const kept = before.filter(({ atMs }) => atMs > state.nowMs - reachMs);
  return {
    wanted: [...kept, { atMs: state.nowMs, instances: wish }],
    changedAtMs: decision.instances === state.instances ? state.history.changedAtMs : state.nowMs,
  };
}

/** The history of a group that nothing is known of. */
export const noHistory: ScalingHistory = { wanted: [], changedAtMs: null };

function largestNeed(policy: ScalingPolicy, state: ScalingState): Need {
  const needs = [
    { instances: policy.minimum, reason: () => `the minimum is ${policy.minimum}` },
    calendarNeed(policy, state),
    rateNeed(policy, state),
    drainNeed(policy, state),
  ];
  return needs.reduce((most, need) => (need.instances > most.instances ? need : most));
}

function calendarNeed(policy: ScalingPolicy, state: ScalingState): Need {
  if (policy.calendar === null) return nothing;
  const { minimum, text } = calendarWord(policy.calendar, state.nowMs);
  return { instances: minimum, reason: () => `the market's ${text} has at least ${minimum}` };
}

function rateNeed(policy: ScalingPolicy, { ratePerSecond }: ScalingState): Need {
  const planned = policy.recordsPerSecondPerInstance * policy.targetUtilisation;
  const instances = Math.ceil(ratePerSecond / planned);
  const reason = () => `${whole(ratePerSecond)} records/s at ${whole(planned)} an instance need ${instances}`;
  return { instances, reason };
}

/** Records of the lag that are a backlog: above the target, and above what is merely under way. */
export function backlogOf(
  policy: ScalingPolicy,
  { lag, ratePerSecond }: Pick<ScalingState, 'lag' | 'ratePerSecond'>,
): number {
  const underWay = ratePerSecond * policy.inFlightSeconds;
  const ofAll = lag.total - Math.max(policy.targetLagPerPartition * policy.partitions, underWay);
  const ofWorst = (lag.worstPartition ?? 0) - Math.max(policy.targetLagPerPartition, underWay);
  return Math.max(0, ofAll, ofWorst);
}

function drainNeed(policy: ScalingPolicy, state: ScalingState): Need {
  const backlog = backlogOf(policy, state);
  if (backlog === 0) return nothing;
  const perSecond = state.ratePerSecond + backlog / policy.targetDrainSeconds;
  const forAll = Math.ceil(perSecond / policy.recordsPerSecondPerInstance);
  const text = () =>
    `a backlog of ${whole(backlog)} beside ${whole(state.ratePerSecond)} records/s, to be gone in ${policy.targetDrainSeconds} s, needs ${forAll}`;
  // A partition has one owner. When the worst holds half of the lag, a third instance drains nothing sooner.
  const { total, worstPartition } = state.lag;
  const useful = worstPartition === null || worstPartition === 0 ? forAll : Math.ceil(total / worstPartition);
  if (useful >= forAll) return { instances: forAll, reason: text };
  return { instances: useful, reason: () => `${text()}, but so much is in one partition that only ${useful} help` };
}

function stabilise(policy: ScalingPolicy, state: ScalingState, wanted: number): Need {
  const { instances } = state;
  const up = Math.min(wanted, ...wishesWithin(state, policy.up.windowSeconds));
  const down = Math.max(wanted, ...wishesWithin(state, policy.down.windowSeconds));
  if (up > instances) return changeBy(policy, state, wanted, up, 'up');
  if (down < instances) return changeBy(policy, state, wanted, down, 'down');
  if (wanted === instances) return { instances, reason: silent };
  const seconds = wanted > instances ? policy.up.windowSeconds : policy.down.windowSeconds;
  return { instances, reason: () => `; stays at ${instances} until that has held for ${seconds} s` };
}

function wishesWithin({ history, nowMs }: ScalingState, seconds: number): number[] {
  return history.wanted.filter(({ atMs }) => atMs > nowMs - seconds * 1_000).map((one) => one.instances);
}

/** One change towards `target`: no sooner than the period allows, and no further than the factor. */
function changeBy(
  policy: ScalingPolicy,
  state: ScalingState,
  wanted: number,
  target: number,
  direction: 'up' | 'down',
): Need {
  const { instances, history, nowMs } = state;
  const { periodSeconds, maxFactor } = policy[direction];
  const counts = allowedCounts(policy);
  const sinceMs = history.changedAtMs === null ? Number.POSITIVE_INFINITY : nowMs - history.changedAtMs;
  if (sinceMs < periodSeconds * 1_000) {
    return { instances, reason: () => `; stays at ${instances} for ${periodSeconds} s after the last change` };
  }
  const limit =
    direction === 'up'
      ? Math.max(snapDown(counts, instances * maxFactor), snapUp(counts, instances + 1))
      : Math.min(snapUp(counts, instances / maxFactor), snapDown(counts, instances - 1));
  const next = direction === 'up' ? Math.min(target, limit) : Math.max(target, limit);
  if (next !== target) return { instances: next, reason: () => `; from ${instances} in one change to ${next} at most` };
  const { windowSeconds } = policy[direction];
  const reason = () => (next === wanted ? '' : `; ${next} was wanted in the last ${windowSeconds} s`);
  return { instances: next, reason };
}

/** A wish within what is downstream bears at the moment. */
function borneOf(policy: ScalingPolicy, { downstream }: ScalingState, wanted: number): number {
  const { maximum, degradedMaximum } = policy.downstream;
  return Math.min(wanted, snapDown(allowedCounts(policy), downstream === 'healthy' ? maximum : degradedMaximum));
}

/** Degraded, nothing is scaled up from now on, and down once it has been so for the window: it may come and go. */
function ceilingOf(policy: ScalingPolicy, state: ScalingState, wanted: number): Need {
  const counts = allowedCounts(policy);
  const { maximum, degradedMaximum } = policy.downstream;
  if (state.downstream === 'healthy') {
    return { instances: snapDown(counts, maximum), reason: () => `; what is downstream bears ${maximum}` };
  }
  const { windowSeconds } = policy.down;
  const lately = Math.max(borneOf(policy, state, wanted), ...wishesWithin(state, windowSeconds));
  if (lately > degradedMaximum && state.instances > degradedMaximum) {
    const reason = () => `; downstream is degraded: not scaled up, ${degradedMaximum} after ${windowSeconds} s of it`;
    return { instances: snapDown(counts, state.instances), reason };
  }
  const instances = snapDown(counts, Math.min(state.instances, degradedMaximum));
  return { instances, reason: () => `; downstream is degraded: not scaled up, ${degradedMaximum} at most` };
}

// Made once: a simulated day says 50,000 numbers.
const { format } = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

function whole(value: number): string {
  return format(value);
}
