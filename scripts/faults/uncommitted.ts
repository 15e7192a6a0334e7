import type { Mark } from './standstill.ts';

/** A record that has an output twice: when the brokers stored the first, and when the second. */
export interface Doubled {
  readonly firstMs: number;
  readonly againMs: number;
}

/**
 * How long the first output of what was doubled had been there, uncommitted, when the fault came: the longest. About a commit
 * interval where much was done in it, as after a standstill; more where a commit was late. 0 when nothing was doubled.
 */
export function uncommittedFor(doubled: readonly Doubled[], marks: readonly Mark[]): number {
  return doubled.reduce((longest, { firstMs, againMs }) => {
    const cause = marks.findLast(({ atMs }) => atMs <= againMs) ?? marks[0];
    return cause === undefined ? longest : Math.max(longest, cause.atMs - firstMs);
  }, 0);
}
