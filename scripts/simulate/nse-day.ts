import type { Trace } from './trace.ts';

const daySeconds = 86_400;
const at = (hours: number, minutes: number): number => (hours * 60 + minutes) * 60;
const preOpen = at(9, 0);
const open = at(9, 15);
const close = at(15, 30);

/**
 * A market day of the NSE as records a second of all chains together, from midnight in India: hardly anything at night,
 * orders of the pre-open, the burst at 09:15 that decays over minutes, a quiet noon, and more towards the close. Made
 * up, but always the same, in the shape of the exchange's own (the first minutes have several times the day's mean).
 */
export function nseDay(date: string): Trace {
  const rates = new Float64Array(daySeconds);
  const random = noise(20_261_126);
  for (let second = 0; second < daySeconds; second += 1) {
    rates[second] = Math.round(shape(second) * (0.9 + 0.2 * random()));
  }
  return { name: 'nse-day', startMs: Date.parse(`${date}T00:00:00+05:30`), rates };
}

function shape(second: number): number {
  if (second < preOpen || second >= close + 1_800) return 50;
  if (second < open) return second < preOpen + 480 ? 6_000 : 2_000;
  if (second >= close) return 1_000;
  const sinceOpen = second - open;
  const burst = 150_000 * Math.exp(-sinceOpen / 120) + 25_000 * Math.exp(-sinceOpen / 1_800);
  const toClose = 30_000 * Math.exp(-(close - second) / 900);
  return 18_000 + burst + toClose;
}

/** Numbers from 0 to 1 that look like chance and are the same each time (mulberry32). */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
