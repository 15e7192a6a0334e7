import type { Submittable } from 'pg';
import type { Connection } from './connection.ts';
import { createCopy } from './copy.ts';
import { QueryError } from './errors.ts';
import { createPatience } from './patience.ts';
import type { Lsn, Rows, Session } from './port.ts';

/** Limits of time within a transaction, milliseconds. */
export interface Limits {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

/** What a server says of itself at the start of a transaction. */
export interface Head {
  readonly isReplica: boolean;
  /** Up to where it has written (the primary) or replayed (a replica). */
  readonly lsn: Lsn;
}

/** How a transaction is run, and by whom it may be. */
export interface TransactionOptions {
  readonly readOnly: boolean;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** Throws when this server is not the one that is wanted: nothing has been done then. */
  readonly accept: (head: Head) => void;
}

/** Of this server, as one row. */
export const headSql =
  'select pg_is_in_recovery() as "isReplica", ' +
  '(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end)::text as lsn';

/**
 * Runs work in one transaction. Settings hold for the transaction only, so that behind a pooler nobody else gets them.
 */
export async function runTransaction<T>(
  connection: Connection,
  { readOnly, limits, signal, accept }: TransactionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { client } = connection;
  const patience = createPatience(connection, limits.statementTimeoutMs, signal);
  let isOver = false;
  let last: Promise<unknown> = Promise.resolve();
  /** One statement after the other; each is given up when the server says nothing. */
  function inTurn<R>(run: () => Promise<R>): Promise<R> {
    const mine = last.then(async () => {
      if (isOver) throw new TypeError('The transaction is over: its session was used after the work had ended');
      return await patience.await(run);
    });
    last = mine.catch(() => undefined);
    return mine;
  }
  // Nothing of ours is in these texts but numbers.
  const command = (text: string) => inTurn(() => client.query(text));

  const session: Session = {
    query: <Row>({ text, values }: { text: string; values?: readonly unknown[] }) =>
      inTurn(async (): Promise<Rows<Row>> => {
        const { rows, rowCount } = await client.query({ text, values: values as unknown[] });
        return { rows: rows as Row[], rowCount: rowCount ?? 0 };
      }),
    copy: (text, chunks) =>
      inTurn(() => {
        const copy = createCopy(text, chunks);
        client.query(copy as unknown as Submittable);
        return copy.done;
      }),
  };

  try {
    const started = (await command(startOf(readOnly, limits))) as unknown as { rows: Head[] }[];
    const head = started.at(-1)?.rows[0];
    try {
      if (head) accept(head);
      const value = await work(session);
      const { command: tag } = await command('commit');
      // A server answers the commit of a transaction in which a statement failed with a rollback, and no error.
      if (tag !== 'COMMIT') {
        throw new QueryError(
          'A statement of the transaction failed, and the work went on: nothing was stored',
          '25P02',
          {},
        );
      }
      return value;
    } catch (error) {
      if (!connection.isBroken) await command('rollback').catch(() => connection.destroy());
      throw error;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    isOver = true;
    patience.end();
  }
}

function startOf(readOnly: boolean, { statementTimeoutMs, lockTimeoutMs }: Limits): string {
  return [
    readOnly ? 'begin read only' : 'begin',
    `set local statement_timeout = ${statementTimeoutMs}`,
    `set local lock_timeout = ${lockTimeoutMs}`,
    // A process that was frozen, or cut off, in the middle must not hold its locks.
    `set local idle_in_transaction_session_timeout = ${statementTimeoutMs * 2}`,
    headSql,
  ].join('; ');
}
