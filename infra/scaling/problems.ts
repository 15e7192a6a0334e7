import { localTime, minuteOfDay } from './calendar.ts';
import { divisorsOf } from './divisors.ts';
import type { MarketCalendar, MarketSession, ScalingPolicy } from './policy.ts';

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
    expect(
      maxFactor > 1,
      `${direction}.maxFactor`,
      `expected a factor above 1, not ${maxFactor}: nothing could change`,
    );
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

type Expect = (holds: boolean, field: string, text: string) => void;

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

function calendarProblems(
  calendar: MarketCalendar,
  policy: ScalingPolicy,
  atMs: number | undefined,
  expect: Expect,
): void {
  const sessions = (field: string, list: readonly MarketSession[]): void =>
    list.forEach((session, index) => {
      const path = `calendar.${field}[${index}]`;
      // Files bring what no type has seen.
      const isSession = typeof session === 'object' && session !== null;
      expect(isSession, path, 'expected a name, from, to and minimum');
      if (!isSession) return;
      const from = minuteOfDay(session.from);
      const to = minuteOfDay(session.to);
      expect(from !== null, `${path}.from`, `expected HH:MM, not '${session.from}'`);
      expect(to !== null, `${path}.to`, `expected HH:MM, not '${session.to}'`);
      const order = `expected a time after ${session.from}, not ${session.to}: a session ends on its day`;
      expect(from === null || to === null || from < to, `${path}.to`, order);
      const early = `expected ${calendar.leadSeconds} s or more after midnight, not ${session.from}: its lead is on the day before`;
      expect(from === null || from * 60 >= calendar.leadSeconds, `${path}.from`, early);
      const fits = divisorsOf(policy.partitions).includes(session.minimum) && session.minimum <= policy.maximum;
      const wrong = `expected a divisor of ${policy.partitions} up to the maximum of ${policy.maximum}, not ${session.minimum}`;
      expect(fits, `${path}.minimum`, wrong);
    });
  sessions('sessions', calendar.sessions);
  sessions('specialSessions', calendar.specialSessions);
  calendar.specialSessions.forEach((session, index) => {
    const date = session?.date;
    expect(isDate(date), `calendar.specialSessions[${index}].date`, `expected YYYY-MM-DD, not '${date}'`);
  });
  const weekdaysFit = calendar.weekdays.every((day) => Number.isInteger(day) && day >= 0 && day <= 6);
  expect(
    weekdaysFit,
    'calendar.weekdays',
    `expected numbers from 0 (Sunday) to 6, not ${calendar.weekdays.join(', ')}`,
  );
  const lead = calendar.leadSeconds;
  expect(lead >= 0 && lead % 60 === 0, 'calendar.leadSeconds', `expected whole minutes, for cron, not ${lead} s`);
  for (const [year, dates] of Object.entries(calendar.holidays)) {
    dates.forEach((date, index) => {
      const wrong = `expected a date of ${year}, YYYY-MM-DD, not '${date}'`;
      expect(isDate(String(date)) && String(date).startsWith(`${year}-`), `calendar.holidays.${year}[${index}]`, wrong);
    });
  }
  if (atMs === undefined) return;
  const year = localTime(calendar, atMs).date.slice(0, 4);
  const known = Object.keys(calendar.holidays).join(', ') || 'none';
  const ended = `no holidays are declared for ${year} (known: ${known}): every weekday would count as a market day`;
  expect(calendar.holidays[Number(year)] !== undefined, 'calendar.holidays', ended);
}

function isDate(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
