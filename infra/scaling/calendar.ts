import type { MarketCalendar, MarketSession } from './policy.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** What a calendar says about one moment. */
export interface CalendarWord {
  /** Instances to have; 0 when the market is closed. */
  readonly minimum: number;
  /** Why, for a reason: `open (09:15 to 15:30)`, `holiday`, `closed`. */
  readonly text: string;
  /** False when no holidays are declared for the year: every weekday then counts as a market day. */
  readonly covered: boolean;
}

/** A moment as the market's own clock has it. */
export interface LocalTime {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** 0 Sunday to 6 Saturday. */
  readonly weekday: number;
  /** Minutes since midnight, with a fraction. */
  readonly minute: number;
}

export function localTime(calendar: MarketCalendar, atMs: number): LocalTime {
  const local = atMs + calendar.utcOffsetMinutes * minuteMs;
  const day = Math.floor(local / dayMs);
  return {
    date: new Date(day * dayMs).toISOString().slice(0, 10),
    // 1970-01-01 was a Thursday.
    weekday: (((day + 4) % 7) + 7) % 7,
    minute: (local - day * dayMs) / minuteMs,
  };
}

/** Minutes since midnight of `HH:MM`, or null when it is no time of day; 24:00 is the end of one. */
export function minuteOfDay(text: string): number | null {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match) return Number(match[1]) * 60 + Number(match[2]);
  return text === '24:00' ? 1_440 : null;
}

/**
 * What the calendar asks for at an instant. In a year without declared holidays it takes every weekday for a market day:
 * instances that idle on a holiday cost less than an opening without them.
 */
export function calendarWord(calendar: MarketCalendar, atMs: number): CalendarWord {
  const { date, weekday, minute } = localTime(calendar, atMs);
  const declared = calendar.holidays[Number(date.slice(0, 4))];
  const covered = declared !== undefined;
  const special = calendar.specialSessions.filter((session) => session.date === date);
  const holiday = declared?.includes(date) === true;
  const marketDay = calendar.weekdays.includes(weekday) && !holiday;
  const sessions = [...(marketDay ? calendar.sessions : []), ...special];
  const lead = calendar.leadSeconds / 60;
  const current = sessions.filter((session) => within(session, minute, lead));
  if (current.length === 0) return { minimum: 0, text: holiday ? 'holiday' : 'closed', covered };
  const first = current.toSorted((left, right) => right.minimum - left.minimum)[0] as MarketSession;
  return { minimum: first.minimum, text: `${first.name} (${first.from} to ${first.to})`, covered };
}

function within(session: MarketSession, minute: number, leadMinutes: number): boolean {
  const from = minuteOfDay(session.from);
  const to = minuteOfDay(session.to);
  return from !== null && to !== null && minute >= from - leadMinutes && minute < to;
}
