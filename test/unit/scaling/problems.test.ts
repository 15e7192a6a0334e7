import { describe, expect, test } from 'vitest';
import type { MarketCalendar, ScalingPolicy } from '../../../infra/scaling/policy.ts';
import { policyProblems } from '../../../infra/scaling/problems.ts';
import { scaling } from '../../../infra/scaling.ts';
import { declaredPolicies } from '../../../scripts/support/policy-file.ts';

const nse = scaling.calendar as MarketCalendar;
const session = { name: 'open', from: '09:15', to: '15:30', minimum: 4 };
const fieldsOf = (over: Partial<ScalingPolicy>): string[] =>
  policyProblems({ ...scaling, ...over }).map(({ field, text }) => `${field}: ${text}`);

describe('policyProblems', () => {
  test.each(Object.entries(declaredPolicies))('finds none in %s', (_, policy) => {
    expect(policyProblems(policy, Date.parse('2026-11-26T09:10:00+05:30'))).toEqual([]);
  });

  test.each<[field: string, over: Partial<ScalingPolicy>, text: string]>([
    ['maximum', { maximum: 120 }, 'at most the 60 partitions, not 120: instances above that own nothing'],
    ['maximum', { maximum: 8 }, 'a divisor of the 60 partitions (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60), not 8'],
    ['minimum', { minimum: 0 }, 'a whole number above 0, not 0'],
    ['minimum', { minimum: 12, maximum: 6 }, 'at most the maximum of 6, not 12'],
    ['group', { group: 'a group' }, "letters, digits, dots or dashes, not 'a group'"],
    ['targetLagPerPartition', { targetLagPerPartition: 0 }, 'a whole number above 0, not 0'],
    ['targetDrainSeconds', { targetDrainSeconds: 0 }, 'a number above 0, not 0'],
    ['recordsPerSecondPerInstance', { recordsPerSecondPerInstance: Number.NaN }, 'a number above 0, not NaN'],
    ['intervalSeconds', { intervalSeconds: -1 }, 'a number above 0, not -1'],
    ['targetUtilisation', { targetUtilisation: 1.2 }, 'a share above 0 and up to 1, not 1.2'],
    ['inFlightSeconds', { inFlightSeconds: -1 }, '0 or more, not -1'],
    ['up.maxFactor', { up: { ...scaling.up, maxFactor: 1 } }, 'a factor of 1.01 or more, not 1'],
    // Rounded to percents, an HPA would never move.
    ['down.maxFactor', { down: { ...scaling.down, maxFactor: 1.004 } }, 'a factor of 1.01 or more, not 1.004'],
    [
      'calendar.sessions[0].minimum',
      { downstream: { maximum: 5, degradedMaximum: 4 } },
      'at most downstream.maximum (5), not 6',
    ],
    ['calendar.weekdays', { calendar: { ...nse, weekdays: [] } }, 'at least one'],
    [
      'calendar.zone',
      { calendar: { ...nse, zone: 'Asia/Bombay-ish' } },
      "an IANA zone such as Asia/Kolkata, not 'Asia",
    ],
    ['calendar.utcOffsetMinutes', { calendar: { ...nse, utcOffsetMinutes: 300 } }, 'the 330 that Asia/Kolkata is'],
    ['calendar.utcOffsetMinutes', { calendar: { ...nse, zone: 'America/New_York' } }, 'the -300 or -240 that America'],
    ['down.windowSeconds', { down: { ...scaling.down, windowSeconds: 3_601 } }, '0 to 3,600 s'],
    ['down.periodSeconds', { down: { ...scaling.down, periodSeconds: 0 } }, '1 to 1,800 s'],
    ['downstream.maximum', { downstream: { maximum: 1, degradedMaximum: 1 } }, 'at least the minimum of 2, not 1'],
    [
      'downstream.degradedMaximum',
      { downstream: { maximum: 4, degradedMaximum: 6 } },
      'at most downstream.maximum (4)',
    ],
    [
      'calendar.sessions[0].minimum',
      { calendar: { ...nse, sessions: [{ ...session, minimum: 7 }] } },
      'a divisor of 60',
    ],
    [
      'calendar.sessions[0].from',
      { calendar: { ...nse, sessions: [{ ...session, from: '9.15' }] } },
      "HH:MM, not '9.15'",
    ],
    [
      'calendar.sessions[0].to',
      { calendar: { ...nse, sessions: [{ ...session, to: '09:00' }] } },
      'a time after 09:15',
    ],
    ['calendar.sessions[0].from', { calendar: { ...nse, sessions: [{ ...session, from: '00:04' }] } }, '300 s or more'],
    ['calendar.leadSeconds', { calendar: { ...nse, leadSeconds: 90 } }, 'whole minutes, for cron, not 90 s'],
    ['calendar.weekdays', { calendar: { ...nse, weekdays: [7] } }, 'numbers from 0 (Sunday) to 6, not 7'],
    ['calendar.holidays.2026[0]', { calendar: { ...nse, holidays: { 2026: ['2026-02-30'] } } }, 'a date of 2026'],
    ['calendar.holidays.2026[0]', { calendar: { ...nse, holidays: { 2026: ['2027-01-26'] } } }, 'a date of 2026'],
    [
      'calendar.specialSessions[0].date',
      { calendar: { ...nse, specialSessions: [{ ...session, date: '8 November' }] } },
      "YYYY-MM-DD, not '8 November'",
    ],
  ])('names %s', (field, over, text) => {
    expect(fieldsOf(over)).toEqual(expect.arrayContaining([expect.stringContaining(`${field}: expected ${text}`)]));
  });

  test('all that a command can name are declared', () => {
    expect(Object.keys(declaredPolicies)).toEqual([
      'dev',
      'prod',
      'storage',
      'storage-function',
      'analytics',
      'analytics-function',
      'local',
      'burst',
    ]);
  });

  test('tells when the holidays end', () => {
    const problems = policyProblems(scaling, Date.parse('2027-01-01T00:00:00+05:30'));
    expect(problems).toEqual([{ field: 'calendar.holidays', text: expect.stringContaining('for 2027 (known: 2026)') }]);
  });

  test('names all at once', () => {
    expect(fieldsOf({ targetDrainSeconds: 0, targetLagPerPartition: 0, maximum: 7 })).toHaveLength(3);
  });
});
