import { localTime, minuteOfDay } from './calendar.ts';
import { divisorsOf } from './divisors.ts';
import type { MarketCalendar, MarketSession, ScalingPolicy } from './policy.ts';

/** Takes note of a field's problem, unless what is expected holds. */
export type Expect = (holds: boolean, field: string, text: string) => void;

/** What is wrong with a calendar, told to `expect`; with `atMs` also whether the holidays of that year are declared. */
export function calendarProblems(
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
      const borne = policy.downstream.maximum;
      const tooMany = `expected at most downstream.maximum (${borne}), not ${session.minimum}: there would never be so many`;
      expect(!(session.minimum > borne), `${path}.minimum`, tooMany);
    });
  sessions('sessions', calendar.sessions);
  sessions('specialSessions', calendar.specialSessions);
  calendar.specialSessions.forEach((session, index) => {
    const date = session?.date;
    expect(isDate(date), `calendar.specialSessions[${index}].date`, `expected YYYY-MM-DD, not '${date}'`);
  });
  zoneProblems(calendar, atMs, expect);
  const none = 'expected at least one: no day would be a market day. Without a market: calendar: null';
  expect(calendar.weekdays.length > 0, 'calendar.weekdays', none);
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

/** The zone, which cron goes by, and the offset, which all else goes by, must be the same time all year. */
function zoneProblems(
  { zone, utcOffsetMinutes, holidays }: MarketCalendar,
  atMs: number | undefined,
  expect: Expect,
): void {
  const year = atMs === undefined ? Number(Object.keys(holidays)[0] ?? 2026) : new Date(atMs).getUTCFullYear();
  const offsets = [0, 6].map((month) => offsetMinutes(zone, Date.UTC(year, month, 1)));
  const known = offsets.every((offset) => offset !== null);
  expect(known, 'calendar.zone', `expected an IANA zone such as Asia/Kolkata, not '${zone}'`);
  if (!known) return;
  const zoned = [...new Set(offsets)].join(' or ');
  const wrong = `expected the ${zoned} that ${zone} is ahead of UTC, the whole year, not ${utcOffsetMinutes}`;
  expect(
    offsets.every((offset) => offset === utcOffsetMinutes),
    'calendar.utcOffsetMinutes',
    wrong,
  );
}

function offsetMinutes(zone: string, atMs: number): number | null {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const text = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = 0, minutes = 0] = /^GMT([+-])(\d{2}):(\d{2})/.exec(text) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  } catch {
    return null; // no such zone
  }
}

function isDate(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
