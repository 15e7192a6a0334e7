import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Feed } from '../feed/start.ts';

/** Where the search begins, records a second. */
export const firstRate = 200;
const half = 0.5;
const lookEveryMs = 6_000;
const mostChange = 1.6;
/** Of warming up, when half load is looked for in the second half of it: five looks, from a fifth of a rate to five times it. */
export const leastSearchSeconds = 60;

/**
 * Changes the pace of a feed, look by look, until half of the machine is idle: brokers with time to spare are given more and
 * smaller requests, so no rate says by itself how loaded they are. Resolves after the given time with the last rate.
 */
export async function findHalfLoad(feed: Pick<Feed, 'setRate'>, forMs: number): Promise<number> {
  const untilMs = performance.now() + forMs;
  let rate = firstRate;
  for (;;) {
    const [fromMs, idleBefore] = [performance.now(), idleSeconds()];
    await sleep(Math.min(lookEveryMs, Math.max(0, untilMs - fromMs)));
    if (performance.now() >= untilMs) return rate;
    const idle = ((idleSeconds() - idleBefore) * 1_000) / (performance.now() - fromMs) / availableParallelism();
    rate = nextRate(rate, 1 - idle);
    feed.setRate(rate);
  }
}

/** What to try after a rate at which so much of the machine was busy. What is busy grows like the square root of the rate. */
export function nextRate(rate: number, busy: number): number {
  const change = (half / Math.max(busy, 0.01)) ** 2;
  return Math.max(1, Math.round(rate * Math.min(mostChange, Math.max(1 / mostChange, change))));
}

/** Seconds of all cores in which nothing ran, so far. */
export function idleSeconds(): number {
  return cpus().reduce((total, { times }) => total + times.idle / 1_000, 0);
}
