import { durationOption, UsageError } from '../support/command.ts';

/** So many records a second, for so long. */
export interface RateStep {
  readonly forMs: number;
  readonly perSecond: number;
}

/** Reads `10s:200,20s:8000,1m:200`, or throws a UsageError that says what is accepted. */
export function profileOption(name: string, text: string): RateStep[] {
  return text.split(',').map((step) => {
    const [span = '', rate = '', ...rest] = step.trim().split(':');
    const perSecond = Number(rate);
    // 0 means "as fast as possible" elsewhere; a pause would be taken for that.
    if (rest.length > 0 || !/^\d+(\.\d+)?$/.test(rate) || perSecond < 0.1 || perSecond > 1_000_000) {
      throw new UsageError(
        `--${name} takes steps of a time and records a second from 0.1 to 1000000, such as 10s:200,20s:8000; not '${step.trim()}'`,
      );
    }
    const forMs = durationOption(name, span);
    if (forMs === 0) throw new UsageError(`--${name} takes steps that last longer than 0, not '${step.trim()}'`);
    return { forMs, perSecond };
  });
}

/** How long a profile lasts, in ms. */
export function profileMs(steps: readonly RateStep[]): number {
  return steps.reduce((sum, { forMs }) => sum + forMs, 0);
}

/** Sets the rate of each step when its time has come; the last one stays. Returns how to drop the rest. */
export function followProfile(steps: readonly RateStep[], setRate: (perSecond: number) => void): () => void {
  let atMs = 0;
  const timers = steps.map(({ forMs, perSecond }) => {
    const timer = setTimeout(setRate, atMs, perSecond);
    atMs += forMs;
    return timer;
  });
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}
