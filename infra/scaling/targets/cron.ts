import { type LocalTime, minuteOfDay } from '../calendar.ts';
import type { MarketCalendar, MarketSession } from '../policy.ts';

/** A window of a cron trigger: from one expression to the other, in the calendar's zone. */
export interface CronWindow {
  readonly name: string;
  readonly start: string;
  readonly end: string;
  readonly instances: number;
}

/**
 * A calendar as cron windows. Cron has neither a year nor exceptions: the windows are open on holidays as well, which
 * costs instances that idle, and special sessions come back every year, which costs the same.
 */
export function cronWindows(calendar: MarketCalendar): CronWindow[] {
  const weekdays = calendar.weekdays.toSorted((left, right) => left - right).join(',');
  const usual = merged(calendar.sessions).map((session) => ({
    ...ends(session, calendar.leadSeconds, `* * ${weekdays}`),
    name: session.name,
  }));
  const special = calendar.specialSessions.map((session) => {
    const [, month, day] = session.date.split('-').map(Number);
    return { ...ends(session, calendar.leadSeconds, `${day} ${month} *`), name: `${session.name} ${session.date}` };
  });
  return [...usual, ...special];
}

/** Sessions that follow one another with as many instances are one window. */
function merged(sessions: readonly MarketSession[]): MarketSession[] {
  const result: MarketSession[] = [];
  for (const session of sessions.toSorted((left, right) => left.from.localeCompare(right.from))) {
    const last = result.at(-1);
    if (last?.minimum === session.minimum && last.to === session.from) {
      result[result.length - 1] = { ...last, name: `${last.name}, ${session.name}`, to: session.to };
    } else result.push(session);
  }
  return result;
}

function ends(session: MarketSession, leadSeconds: number, days: string): Omit<CronWindow, 'name'> {
  const from = (minuteOfDay(session.from) ?? 0) - leadSeconds / 60;
  const to = minuteOfDay(session.to) ?? 0;
  return { start: `${time(from)} ${days}`, end: `${time(to)} ${days}`, instances: session.minimum };
}

function time(minutes: number): string {
  // There is no 24:00 in cron; 23:59 is the last that a window of the same day can end at.
  const within = Math.min(minutes, 1_439);
  return `${within % 60} ${Math.floor(within / 60)}`;
}

/** Whether a window of `cronWindows` is open at a local time. */
export function windowIsOpen(window: CronWindow, { date, weekday, minute }: LocalTime): boolean {
  const [startMinute, startHour, day, month, weekdays = '*'] = window.start.split(' ');
  const [endMinute, endHour] = window.end.split(' ');
  const isDay = day === '*' || Number(day) === Number(date.slice(8));
  const isMonth = month === '*' || Number(month) === Number(date.slice(5, 7));
  const isWeekday = weekdays === '*' || weekdays.split(',').map(Number).includes(weekday);
  const from = Number(startHour) * 60 + Number(startMinute);
  const to = Number(endHour) * 60 + Number(endMinute);
  return isDay && isMonth && isWeekday && minute >= from && minute < to;
}
