import type { Connection } from './connection.ts';
import type { Limits } from './transaction.ts';

/**
 * Ends connections of ours that have been in a COPY for longer than a statement may take, and wait for the one who sends the
 * rows: it is frozen, or was cut off. None of the server's limits of time holds there, so its locks would stay for as long
 * as its connection does.
 */
export async function endStalled({ client }: Connection, { statementTimeoutMs }: Limits): Promise<void> {
  await client.query(`select count(pg_terminate_backend(pid)) from pg_stat_activity
    where usename = current_user and datname = current_database() and application_name = 'hft-engine'
      and state = 'active' and wait_event = 'ClientRead'
      and query_start < now() - ${statementTimeoutMs} * interval '1 millisecond'`);
}
