import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from './command.ts';
import { AwayError } from './kafka/group-look.ts';

/** Tells a person how it goes, a line at a time. */
export type Tell = (line: string) => void;

const patienceMs = 60_000;
const pauseMs = 1_000;
/** An attempt that went on for so long found the brokers well before it failed. */
const steadyMs = 30_000;

/**
 * Leaders move and brokers restart: an attempt that fails for what may pass is made again, for up to a minute. That
 * minute begins anew with each attempt that got on, as it says by calling `progressed`, or that went on for a while.
 * @throws CommandError what cannot pass at once, what may pass at the end of that minute
 */
export async function insist<Result>(
  attempt: (progressed: () => void) => Promise<Result>,
  tell: Tell,
): Promise<Result> {
  let failingSince: number | undefined;
  for (;;) {
    const startedAt = Date.now();
    try {
      return await attempt(() => {
        failingSince = undefined;
      });
    } catch (error) {
      if (error instanceof CommandError && !(error instanceof AwayError)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const now = Date.now();
      if (now - startedAt >= steadyMs) failingSince = undefined;
      failingSince ??= now;
      if (now - failingSince >= patienceMs) {
        throw new CommandError(
          `the brokers did not do it for ${patienceMs / 1_000} s (${reason}). Run this again: it goes on where it is`,
        );
      }
      tell(`again     ${reason}`);
      await delay(pauseMs);
    }
  }
}
