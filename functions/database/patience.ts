import { DependencyDownError } from '../runtime/errors.ts';
import type { Connection } from './connection.ts';
import { SourceFailure } from './copy.ts';
import { translate } from './errors.ts';

/** Waits for what a server answers on a connection, and gives the connection up when it says nothing, or on abort. */
export interface Patience {
  /**
   * What the call gives. `heard` is to be called at each sign of life.
   * @throws what its error means, and the signal's reason
   */
  await<R>(call: (heard: () => void) => Promise<R>): Promise<R>;
  /** The connection goes back: the signal is of no concern to it any more. */
  end(): void;
}

/** How much longer than the server we wait for its answer: a hung one does not even say that time is over. */
const graceMs = 1_000;

/**
 * Patience for so long as the server may take for a statement, and a little longer. On abort the server is told to cancel, and
 * the connection is gone: it closes nothing halfway.
 */
export function createPatience(connection: Connection, statementTimeoutMs: number, signal: AbortSignal): Patience {
  const ms = statementTimeoutMs + graceMs;
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);
  const giveUp = (reason: unknown): void => {
    lost.reject(reason);
    connection.abandon();
  };
  const abort = (): void => giveUp(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', abort, { once: true });
  const said = `The database ${connection.server} said nothing for ${ms} ms: it hangs, or cannot be reached any more`;
  return {
    async await(call) {
      const timer = setTimeout(() => giveUp(new DependencyDownError(said)), ms);
      const answer = call(() => void timer.refresh());
      answer.catch(() => undefined);
      try {
        return await Promise.race([answer, lost.promise]);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (error instanceof SourceFailure) throw error.cause;
        throw translate(error, connection.server);
      } finally {
        clearTimeout(timer);
      }
    },
    end: () => signal.removeEventListener('abort', abort),
  };
}
