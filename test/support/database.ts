import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../functions/database/open.ts';
import type { Database } from '../../functions/database/port.ts';
import { type LocalDatabase, startDatabase } from '../../infra/database/database.ts';
import { migrate } from '../../scripts/database/migrate.ts';
import { arrangeDays } from '../../scripts/database/partitions.ts';
import { onPrimary } from '../../scripts/database/target.ts';

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
