import { setTimeout as delay } from 'node:timers/promises';

/** Waits, once so many were written, for as long as the rate (records a second) asks; an abort ends the wait. */
export function createPace(rate: number, signal?: AbortSignal): (records: number) => Promise<void> {
  const startedAt = performance.now();
  let total = 0;
  return async (records) => {
    total += records;
    const ahead = (total / rate) * 1_000 - (performance.now() - startedAt);
    if (ahead > 1) await delay(ahead, undefined, signal ? { signal } : {}).catch(() => undefined);
  };
}
