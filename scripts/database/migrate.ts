import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import type { Connection } from '../../functions/database/connection.ts';
import { sqlStateOf } from '../../functions/database/errors.ts';
import { migrationsTable, schemaProblem } from '../../functions/database/schema.ts';
import { messageOf } from '../../functions/runtime/errors.ts';
import { CommandError } from '../support/command.ts';
import { remedyOf } from './remedy.ts';

const ownFolder = fileURLToPath(new URL('../../infra/database/migrations', import.meta.url));

/** What a run of the migrations came to. */
export interface Migrated {
  readonly server: string;
  /** The migrations that ran now, in order. */
  readonly ran: readonly string[];
  /** Whether days are chunks of TimescaleDB rather than partitions. */
  readonly hypertables: boolean;
}

/**
 * Runs what is missing, all of it in one transaction, while no other process does. Forward only: there is no way down.
 * @param folder where the migrations are, as files of SQL
 * @throws CommandError when the schema is newer than this code, or a migration fails (nothing is changed then)
 */
export async function migrate({ client, server }: Connection, folder = ownFolder): Promise<Migrated> {
  try {
    const problem = schemaProblem(await migrationsOf(client));
    if (problem?.startsWith('has a newer'))
      throw new CommandError(`The database ${server} ${problem}. Nothing was changed.`);
    const done = await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      migrationsTable,
      checkOrder: true,
      singleTransaction: true,
      log: () => undefined,
    });
    const { rows } = await client.query(
      "select exists (select from pg_extension where extname = 'timescaledb') as found",
    );
    return { server, ran: done.map(({ name }) => name), hypertables: rows[0].found === true };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const reason = messageOf(error).split('\n', 1)[0];
    const remedy = /already running/.test(String(reason))
      ? 'wait for the other process that migrates, and run this again'
      : (remedyOf(error) ?? 'mend what it says, and run this again');
    throw new CommandError(`Migrating ${server} failed, and nothing was changed: ${reason}. To do: ${remedy}.`);
  }
}

/** The migrations that ran on a database, in order; none when it has no table of them. */
async function migrationsOf(client: Connection['client']): Promise<string[]> {
  try {
    const { rows } = await client.query(`select name from ${migrationsTable} order by id`);
    return rows.map(({ name }) => String(name));
  } catch (error) {
    if (sqlStateOf(error) === '42P01') return [];
    throw error;
  }
}
