import type { Writable } from 'node:stream';
import type { Submittable } from 'pg';
import type { Connection } from './connection.ts';
import { roomIn, SourceFailure } from './copy.ts';
import { createPatience } from './patience.ts';
import type { Step } from './port.ts';
import type { Limits } from './transaction.ts';

/** The parts of pg's connection that an exchange needs. They are not public: the version is pinned. */
interface Wire {
  readonly stream: Writable;
  parse(statement: { readonly text: string }): void;
  bind(portal: { readonly values: readonly string[] }): void;
  execute(portal: object): void;
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
  sync(): void;
}

/**
 * Runs steps in one transaction and one exchange: all of it is on its way, the commit as well, before the first answer comes.
 * What follows a step that fails is passed over by the server, up to the one `Sync` at the end: so the commit is not reached,
 * and nothing is stored. For the same reason a pooler keeps the whole on one connection.
 */
export async function runAtOnce(
  connection: Connection,
  { limits, signal }: { readonly limits: Limits; readonly signal: AbortSignal },
  steps: readonly Step[],
): Promise<void> {
  const patience = createPatience(connection, limits.statementTimeoutMs, signal);
  try {
    await patience.await((heard) => {
      const exchange = createExchange([{ text: 'begin' }, limitsStep(limits), ...steps, { text: 'commit' }], heard);
      connection.client.query(exchange as unknown as Submittable);
      return exchange.done;
    });
  } catch (error) {
    if (!connection.isBroken) {
      await patience.await(() => connection.client.query('rollback')).catch(() => connection.destroy());
    }
    throw error;
  } finally {
    patience.end();
  }
}

/** As at the beginning of any transaction; and for who is frozen where the server waits for more of him, not for a statement. */
function limitsStep({ statementTimeoutMs, lockTimeoutMs }: Limits): Step {
  const settings = {
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs * 2,
  };
  const calls = Object.entries(settings).map(([name, ms]) => `set_config('${name}', '${ms}', true)`);
  return { text: `select ${calls.join(', ')}` };
}

/** Steps as pg takes a query of one's own kind. */
function createExchange(steps: readonly Step[], heard: () => void): { readonly done: Promise<void> } {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  let isOver = false;
  let failure: SourceFailure | undefined;

  async function send(wire: Wire): Promise<void> {
    const { stream } = wire;
    // What is small goes out together; where there is more than the socket takes, as it takes it.
    stream.cork();
    for (const step of steps) {
      if (isOver) break;
      wire.parse({ text: 'copy' in step ? step.copy : step.text });
      wire.bind({ values: 'copy' in step ? [] : (step.values ?? []).map(String) });
      wire.execute({});
      if (!('copy' in step)) continue;
      try {
        for (const chunk of step.chunks) {
          if (isOver) break;
          wire.sendCopyFromChunk(chunk);
          if (!stream.writableNeedDrain) continue;
          stream.uncork();
          if (stream.writableNeedDrain) await roomIn(stream);
          stream.cork();
        }
        if (!isOver) wire.endCopyFrom();
      } catch (error) {
        failure = new SourceFailure('the source of the rows failed', { cause: error });
        wire.sendCopyFail(failure.message);
        break;
      }
    }
    wire.sync();
    stream.uncork();
  }

  const ignore = (): void => undefined;
  return {
    done,
    submit: (wire: Wire) => void send(wire),
    ...{ handleRowDescription: ignore, handleDataRow: ignore, handlePortalSuspended: ignore, handleEmptyQuery: ignore },
    ...{ handleCopyData: ignore, handleCopyInResponse: heard, handleCommandComplete: heard },
    handleReadyForQuery() {
      isOver = true;
      resolve();
    },
    handleError(error: unknown) {
      isOver = true;
      reject(failure ?? error);
    },
  } as { readonly done: Promise<void> };
}
