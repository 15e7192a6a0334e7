import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConnection } from '../../functions/database/connection.ts';
import { openDatabase } from '../../functions/database/open.ts';
import type { Database } from '../../functions/database/port.ts';
import { parseUrl } from '../../functions/database/servers.ts';
import { type LocalDatabase, startDatabase } from '../../infra/database/database.ts';
import { readState, urlOf } from '../../infra/database/layout.ts';
import { launch } from '../../infra/database/server.ts';
import { asSuperuser, untilAnswers } from '../../infra/database/sql.ts';
import { migrate } from '../../scripts/database/migrate.ts';
import { onPrimary } from '../../scripts/database/on-primary.ts';
import { arrangeDays } from '../../scripts/database/partitions.ts';

/** A primary and a replica of a test's own. They die with the test process, and leave nothing behind. */
export interface TestDatabase {
  readonly local: LocalDatabase;
  /** A connection manager of these two, closed by `stop`. `env` is added to what names the servers. */
  open(env?: Readonly<Record<string, string>>): Promise<Database>;
  stop(): Promise<void>;
}

/** Starts both, with the schema unless a test wants none, and settings of the servers beside our own. */
export async function startTestDatabase(
  options: { readonly migrated?: boolean; readonly config?: Readonly<Record<string, string>> } = {},
): Promise<TestDatabase> {
  const { migrated = true, config = {} } = options;
  const dir = mkdtempSync(join(tmpdir(), 'hft-database-'));
  const local = await startDatabase({ dir, attached: true, temporary: true, config });
  if (migrated) {
    await onPrimary(local.environment(), async (connection) => {
      await migrate(connection);
      await arrangeDays(connection, { ahead: 1, keep: undefined });
    });
  }
  const opened: Database[] = [];
  return {
    local,
    async open(env = {}) {
      const database = await openDatabase({ ...local.environment(), ...env });
      opened.push(database);
      return database;
    },
    async stop() {
      await Promise.all(opened.map((database) => database.close()));
      await local.reset();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A signal that nobody aborts. */
export const never = new AbortController().signal;

/** Starts a server as it was left, with no backup of the primary first: an old primary comes back as one. */
export async function startAlone({ dir }: LocalDatabase, id: number): Promise<void> {
  const state = readState(dir);
  if (!state) throw new Error(`no databases in ${dir}`);
  await launch(state, id);
  await untilAnswers(state, id, never);
}

/** Runs a statement as superuser on one of the servers. */
export async function asAdministrator({ dir }: LocalDatabase, id: number, sql: string): Promise<void> {
  const state = readState(dir);
  if (!state) throw new Error(`no databases in ${dir}`);
  await asSuperuser(state, id, (client) => client.query(sql), 'hft');
}

/** Nobody writes to the snapshots meanwhile: those who want to, wait. */
export async function whileLocked({ dir }: LocalDatabase, id: number, work: () => Promise<void>): Promise<void> {
  const state = readState(dir);
  const [server] = (state && parseUrl(urlOf(state, id, 'postgres', 'hft'))) ?? [];
  if (!server) throw new Error(`no databases in ${dir}`);
  const connection = await openConnection(server, 20_000);
  try {
    await connection.client.query('begin; lock table snapshots in share mode');
    await work();
    await connection.client.query('rollback');
  } finally {
    await connection.end();
  }
}
