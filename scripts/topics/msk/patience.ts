import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../../support/command.ts';
import { span } from '../../support/words.ts';

/** How long to wait for a change to show: answers of the topic calls are up to about a minute old. */
export interface Patience {
  readonly firstMs: number;
  readonly mostMs: number;
  readonly timeoutMs: number;
}

/** A change that shows once may be gone at the next look, as if servers of different age took turns to answer. */
export const certain = 2;

/**
 * Looks again and again until `done` holds, so many times in a row; rejects when that takes too long, with the topic and
 * its state.
 */
export async function until<Seen>(
  patience: Patience,
  look: () => Promise<Seen>,
  done: (seen: Seen) => boolean,
  state: (seen: Seen) => string,
  times = 1,
): Promise<Seen> {
  const startedAt = performance.now();
  let inARow = 0;
  for (let pauseMs = patience.firstMs; ; pauseMs = Math.min(patience.mostMs, pauseMs * 2)) {
    const seen = await look();
    inARow = done(seen) ? inARow + 1 : 0;
    if (inARow === times) return seen;
    const waitedMs = performance.now() - startedAt;
    if (waitedMs > patience.timeoutMs) {
      const advice = 'run the same command again later, it goes on where it stopped.';
      throw new CommandError(`topic ${state(seen)} after ${span(waitedMs)}: ${advice}`);
    }
    await delay(pauseMs);
  }
}
