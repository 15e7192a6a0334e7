import { calendarWord, localTime } from '../../infra/scaling/calendar.ts';
import { decide } from '../../infra/scaling/decide.ts';
import { allowedCounts, divisorsOf, snapUp } from '../../infra/scaling/divisors.ts';
import type { ScalingPolicy, ScalingState } from '../../infra/scaling/policy.ts';
import { cronWindows, windowIsOpen } from '../../infra/scaling/targets/cron.ts';
import { lagThreshold, mostInstances, rateThreshold } from '../../infra/scaling/targets/lag-threshold.ts';
import { provisionedPollers } from '../../infra/scaling/targets/pollers.ts';

/** What one target would do in a state, and why. */
export interface Explanation {
  readonly target: 'local' | 'keda' | 'hpa' | 'pollers';
  /** Instances, or pollers, that it would go to; null when only the service knows. */
  readonly instances: number | null;
  /** The arithmetic, a line each. */
  readonly because: readonly string[];
}

/** What every target makes of a state that has held for as long as its windows are. */
export function explain(policy: ScalingPolicy, state: ScalingState): Explanation[] {
  return [
    explainLocal(policy, state),
    explainKeda(policy, state),
    explainHpa(policy, state),
    explainPollers(policy, state),
  ];
}

function explainLocal(policy: ScalingPolicy, state: ScalingState): Explanation {
  const { instances, wanted, reason } = decide(policy, state);
  const because = [reason, ...(wanted === instances ? [] : [`wanted in the end: ${wanted}`])];
  if (policy.calendar !== null) {
    const { text, covered } = calendarWord(policy.calendar, state.nowMs);
    const { date } = localTime(policy.calendar, state.nowMs);
    const known = covered ? '' : `; no holidays are declared for ${date.slice(0, 4)}`;
    because.push(`${date} in ${policy.calendar.zone}: ${text}${known}`);
  }
  return { target: 'local', instances, because };
}

/** What a trigger or metric asks for, and its arithmetic. */
interface Asked {
  readonly instances: number;
  readonly line: string;
}

function explainKeda(policy: ScalingPolicy, state: ScalingState): Explanation {
  const asked = [kedaLag(policy, state), snappedRate('rate trigger', policy, state), ...kedaCron(policy, state)];
  const { instances, lines } = hpaOutcome(policy, state, asked);
  const hold = `KEDA does not know that downstream is degraded. To hold it: kubectl annotate scaledobject ${policy.name} autoscaling.keda.sh/paused-replicas=${state.instances}`;
  return { target: 'keda', instances, because: [...lines, ...(state.downstream === 'degraded' ? [hold] : [])] };
}

/** The kafka trigger of KEDA with ensureEvenDistributionOfPartitions (pkg/scalers/kafka_scaler.go, getTotalLag). */
function kedaLag(policy: ScalingPolicy, { lag }: ScalingState): Asked {
  const threshold = lagThreshold(policy);
  const plain = Math.ceil(lag.total / threshold);
  const divisors = divisorsOf(policy.partitions);
  const instances = snapUp(divisors, Math.max(1, plain));
  const capped = plain > policy.partitions ? `, no more than the ${policy.partitions} partitions` : '';
  const line = `lag trigger: ceil(${lag.total} / ${threshold}) = ${plain}${capped}, next divisor of ${policy.partitions}: ${instances}`;
  return { instances, line };
}

function kedaCron({ calendar }: ScalingPolicy, state: ScalingState): Asked[] {
  if (calendar === null) return [];
  const now = localTime(calendar, state.nowMs);
  const open = cronWindows(calendar).filter((window) => windowIsOpen(window, now));
  const holiday =
    calendarWord(calendar, state.nowMs).text === 'holiday' ? ' (a holiday, which cron does not know)' : '';
  return open.map(({ name, start, end, instances }) => ({
    instances,
    line: `cron trigger ${name}: ${start} to ${end}, ${calendar.zone}: ${instances}${holiday}`,
  }));
}

/** The rate that Prometheus sees is that of what is handled: with too few instances, as much as they can. */
function snappedRate(what: string, policy: ScalingPolicy, state: ScalingState): Asked {
  const perInstance = rateThreshold(policy);
  const handled = Math.min(state.ratePerSecond, state.instances * policy.recordsPerSecondPerInstance);
  const plain = Math.ceil(handled / perInstance);
  const instances = snapUp(allowedCounts(policy), plain);
  const line = `${what}: ceil(${handled} handled/s / ${perInstance}) = ${plain}, which its query snaps to ${instances}`;
  return { instances, line };
}

function explainHpa(policy: ScalingPolicy, state: ScalingState): Explanation {
  const threshold = lagThreshold(policy);
  const plain = Math.ceil(state.lag.total / threshold);
  const snapped = snapUp(allowedCounts(policy), plain);
  const lag = {
    instances: snapped,
    line: `lag metric: ceil(${state.lag.total} / ${threshold}) = ${plain}, which its query snaps to ${snapped}`,
  };
  const { instances, lines } = hpaOutcome(policy, state, [lag, snappedRate('rate metric', policy, state)]);
  const unknown = [
    ...(policy.calendar === null ? [] : ['it knows no calendar: nothing is scaled before a session begins']),
    ...(state.downstream === 'degraded' ? ['it does not know that downstream is degraded'] : []),
  ];
  return { target: 'hpa', instances, because: [...lines, ...unknown] };
}

/**
 * What an HPA makes of metrics: the largest, unless within a tenth of what there is; within its bounds; and no further
 * in one period than `behavior` allows, where it counts in instances and not in divisors.
 */
function hpaOutcome(
  policy: ScalingPolicy,
  state: ScalingState,
  asked: readonly Asked[],
): { instances: number; lines: string[] } {
  const most = Math.max(...asked.map((one) => one.instances));
  const bounded = Math.min(Math.max(most, policy.minimum), mostInstances(policy));
  const lines = [...asked.map(({ line }) => line)];
  lines.push(`the largest is ${most}, within ${policy.minimum} to ${mostInstances(policy)}: ${bounded}`);
  const { instances } = state;
  const near = Math.abs(bounded / instances - 1) <= 0.1 && bounded !== instances;
  if (near) {
    lines.push(`within a tenth of ${instances}, which an HPA takes for the same`);
    return { instances, lines };
  }
  const limit =
    bounded > instances
      ? Math.ceil(instances * policy.up.maxFactor)
      : Math.floor(instances * (1 - Math.round((1 - 1 / policy.down.maxFactor) * 100) / 100));
  const next = bounded > instances ? Math.min(bounded, limit) : Math.max(bounded, limit);
  if (next !== bounded) {
    const { periodSeconds } = bounded > instances ? policy.up : policy.down;
    const even =
      policy.partitions % next === 0
        ? ''
        : `; shares are uneven meanwhile, ${next} is no divisor of ${policy.partitions}`;
    lines.push(`from ${instances} no further than ${next} in ${periodSeconds} s${even}`);
  }
  const direction = next > instances ? policy.up : policy.down;
  if (next !== instances) lines.push(`once it has been so for ${direction.windowSeconds} s`);
  return { instances: next, lines };
}

function explainPollers(policy: ScalingPolicy, state: ScalingState): Explanation {
  const { MinimumPollers, MaximumPollers } = provisionedPollers(policy);
  const { wanted } = decide(policy, state);
  const because = [
    `between ${MinimumPollers} and ${MaximumPollers}, one for an instance; Lambda chooses by lag, how it does not tell`,
    `the policy would want ${Math.min(Math.max(wanted, MinimumPollers), MaximumPollers)} here`,
    ...(policy.calendar === null ? [] : ['it knows no calendar: nothing is scaled before a session begins']),
    ...(state.downstream === 'degraded'
      ? ['it does not know that downstream is degraded; its calls wait and fail']
      : []),
  ];
  return { target: 'pollers', instances: null, because };
}
