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
  const local = atMs + calendar.utcOffsetMinutes * minuteMs;
  const number = Math.floor(local / dayMs);
  const today = dayOf(calendar, number, atMs);
  const minute = (local - number * dayMs) / minuteMs;
  let most: PlannedSession | undefined;
  for (const session of today.sessions) {
    const open = minute >= session.fromMinute && minute < session.toMinute;
    if (open && session.minimum > (most?.minimum ?? 0)) most = session;
  }
  return most === undefined
    ? { minimum: 0, text: today.holiday ? 'holiday' : 'closed', covered: today.covered }
    : { minimum: most.minimum, text: most.text, covered: today.covered };
}

interface PlannedSession {
  /** Minutes since midnight, the lead included. */
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly minimum: number;
  readonly text: string;
}

interface Day {
  readonly number: number;
  readonly holiday: boolean;
  readonly covered: boolean;
  readonly sessions: readonly PlannedSession[];
}

// Moments come in the order of time: the last day of each calendar is worth keeping.
const lastDays = new WeakMap<MarketCalendar, Day>();

function dayOf(calendar: MarketCalendar, number: number, atMs: number): Day {
  const known = lastDays.get(calendar);
  if (known?.number === number) return known;
  const { date, weekday } = localTime(calendar, atMs);
  const declared = calendar.holidays[Number(date.slice(0, 4))];
  const holiday = declared?.includes(date) === true;
  const usual = calendar.weekdays.includes(weekday) && !holiday ? calendar.sessions : [];
  const special = calendar.specialSessions.filter((session) => session.date === date);
  const sessions = [...usual, ...special].map((session) => planned(session, calendar.leadSeconds));
  const day = { number, holiday, covered: declared !== undefined, sessions };
  lastDays.set(calendar, day);
  return day;
}

function planned({ name, from, to, minimum }: MarketSession, leadSeconds: number): PlannedSession {
  const fromMinute = (minuteOfDay(from) ?? Number.NaN) - leadSeconds / 60;
  return { fromMinute, toMinute: minuteOfDay(to) ?? Number.NaN, minimum, text: `${name} (${from} to ${to})` };
}
