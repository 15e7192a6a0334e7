import { calendarProblems, type Expect } from './calendar-problems.ts';
import { divisorsOf } from './divisors.ts';
import type { ScalingPolicy } from './policy.ts';

/** One thing that is wrong with a policy. */
export interface PolicyProblem {
  /** The path of the field, e.g. `calendar.sessions[0].from`. */
  readonly field: string;
  /** What was expected, and what came. */
  readonly text: string;
}

/**
 * Everything that is wrong with a policy, so that it cannot be met or means nothing; empty when it can be used. With
 * `atMs` (milliseconds since the epoch) also whether the holidays of that year are declared.
 */
export function policyProblems(policy: ScalingPolicy, atMs?: number): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const expect = (holds: boolean, field: string, text: string): void => {
    if (!holds) problems.push({ field, text });
  };
  const whole = (field: keyof ScalingPolicy & string, value: number): void =>
    expect(Number.isInteger(value) && value > 0, field, `expected a whole number above 0, not ${value}`);
  const positive = (field: string, value: number): void =>
    expect(Number.isFinite(value) && value > 0, field, `expected a number above 0, not ${value}`);
  for (const field of ['name', 'group', 'topic'] as const) {
    const name = policy[field];
    expect(/^[a-zA-Z0-9._-]{1,249}$/.test(name), field, `expected letters, digits, dots or dashes, not '${name}'`);
  }
  for (const field of ['partitions', 'minimum', 'maximum'] as const) whole(field, policy[field]);
  if (problems.length > 0) return problems;
  boundsProblems(policy, expect);
  whole('targetLagPerPartition', policy.targetLagPerPartition);
  for (const field of ['targetDrainSeconds', 'recordsPerSecondPerInstance', 'intervalSeconds'] as const) {
    positive(field, policy[field]);
  }
  const { targetUtilisation, inFlightSeconds } = policy;
  expect(
    targetUtilisation > 0 && targetUtilisation <= 1,
    'targetUtilisation',
    `expected a share above 0 and up to 1, not ${targetUtilisation}`,
  );
  expect(inFlightSeconds >= 0, 'inFlightSeconds', `expected 0 or more, not ${inFlightSeconds}`);
  for (const direction of ['up', 'down'] as const) {
    const { windowSeconds, periodSeconds, maxFactor } = policy[direction];
    // An HPA takes no longer window or period than these.
    const wrongWindow = `expected 0 to 3,600 s, which is all that an HPA takes, not ${windowSeconds}`;
    expect(windowSeconds >= 0 && windowSeconds <= 3_600, `${direction}.windowSeconds`, wrongWindow);
    const wrongPeriod = `expected 1 to 1,800 s, which is all that an HPA takes, not ${periodSeconds}`;
    expect(periodSeconds >= 1 && periodSeconds <= 1_800, `${direction}.periodSeconds`, wrongPeriod);
    const wrongFactor = `expected a factor of 1.01 or more, not ${maxFactor}: an HPA counts in whole percents`;
    expect(maxFactor >= 1.01, `${direction}.maxFactor`, wrongFactor);
  }
  const { maximum, degradedMaximum } = policy.downstream;
  for (const [field, value] of Object.entries({ maximum, degradedMaximum })) {
    const text = `expected at least the minimum of ${policy.minimum}, not ${value}: the group could never run`;
    expect(Number.isInteger(value) && value >= policy.minimum, `downstream.${field}`, text);
  }
  const wrongDegraded = `expected at most downstream.maximum (${maximum}), not ${degradedMaximum}`;
  expect(degradedMaximum <= maximum, 'downstream.degradedMaximum', wrongDegraded);
  if (policy.calendar !== null) calendarProblems(policy.calendar, policy, atMs, expect);
  return problems;
}

function boundsProblems({ partitions, minimum, maximum }: ScalingPolicy, expect: Expect): void {
  const divisors = divisorsOf(partitions);
  const list = divisors.join(', ');
  for (const [field, value] of Object.entries({ minimum, maximum })) {
    const uneven = `expected a divisor of the ${partitions} partitions (${list}), not ${value}: shares would be uneven`;
    const idle = `expected at most the ${partitions} partitions, not ${value}: instances above that own nothing`;
    expect(divisors.includes(value), field, value > partitions ? idle : uneven);
  }
  expect(minimum <= maximum, 'minimum', `expected at most the maximum of ${maximum}, not ${minimum}`);
}
