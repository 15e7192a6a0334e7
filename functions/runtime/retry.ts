import type { RetryPolicy } from './contract.ts';

/** Wait between tries while a dependency is down. */
export const dependencyBackoff = { initialDelayMs: 100, maxDelayMs: 5_000 };

/**
 * The wait before the next try: exponential with equal jitter, so that instances which failed together do not come
 * back together, and no wait is close to zero.
 * @param attempts tries so far, at least 1
 * @param random a number from 0 to 1
 */
export function backoffMs(
  policy: Pick<RetryPolicy, 'initialDelayMs' | 'maxDelayMs'>,
  attempts: number,
  random: number,
): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.initialDelayMs * 2 ** Math.min(attempts - 1, 30));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
