import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../../support/command.ts';
import { printable, some } from '../../support/words.ts';
import type { Session } from './session.ts';

/** How long the brokers may take for one change. */
export const changeTimeoutMs = 20_000;
/** For requests that bring that timeout along. */
export const slow = { timeoutMs: changeTimeoutMs + 5_000 };
/** How long it is asked again, and how long the brokers may take to tell each other of a change. */
const patienceMs = 60_000;

const notController = 41;
/** Worth asking again: not this broker, not yet, or not so fast. */
const passing: ReadonlySet<number> = new Set([notController, 7, 89]);

/** What a broker answers for one topic. */
export interface Answered {
  readonly errorCode: number;
  readonly errorMessage?: string | null | undefined;
}

/** Asks for a change of topics until no answer is a passing one any more. */
export async function insist(
  session: Session,
  names: readonly string[],
  change: (names: readonly string[]) => Promise<readonly (Answered & { readonly name: string })[]>,
): Promise<Map<string, Answered>> {
  const deadline = Date.now() + patienceMs;
  const answers = new Map<string, Answered>();
  let open = names;
  for (;;) {
    for (const { name, ...answered } of await change(open)) answers.set(name, answered);
    open = open.filter((name) => passing.has(answers.get(name)?.errorCode ?? 0));
    if (open.length === 0 || Date.now() > deadline) return answers;
    await delay(200);
    // Brokers without KRaft pass no request on to their controller.
    if (open.some((name) => answers.get(name)?.errorCode === notController)) await session.moveToController();
  }
}

/** Asks which topics still lack something until none does. */
export async function untilNone(lacking: () => Promise<readonly string[]>, what: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const names = await lacking();
    if (names.length === 0) return;
    if (Date.now() > deadline) {
      throw new CommandError(
        `after ${patienceMs / 1_000} s ${printable(some(names))} still lacks ${what}: see how the brokers are with 'npm run doctor', and run it again.`,
      );
    }
    await delay(50);
  }
}
