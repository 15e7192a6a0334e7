import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../functions/database/open.ts';
import type { Database } from '../../functions/database/port.ts';
import { startDatabase } from '../../infra/database/database.ts';
import { migrate } from '../database/migrate.ts';
import { onPrimary } from '../database/on-primary.ts';
import { arrangeDays } from '../database/partitions.ts';

/** A primary and a replica of a measurement's own, with the schema and the days. */
export interface BenchDatabase {
  readonly dir: string;
  environment(): Readonly<Record<string, string>>;
  /** Closed when the measurement ends. */
  open(env?: Readonly<Record<string, string>>): Promise<Database>;
}

/** Runs a measurement on servers of its own, which leave nothing behind. */
export async function withDatabase<T>(measure: (local: BenchDatabase) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-bench-'));
  const local = await startDatabase({ dir, attached: true, temporary: true });
  const opened: Database[] = [];
  try {
    await onPrimary(local.environment(), async (connection) => {
      await migrate(connection);
      await arrangeDays(connection, { ahead: 1, keep: undefined });
    });
    return await measure({
      dir,
      environment: () => local.environment(),
      async open(env = {}) {
        const database = await openDatabase({ ...local.environment(), ...env });
        opened.push(database);
        return database;
      },
    });
  } finally {
    await Promise.all(opened.map((database) => database.close()));
    await local.reset();
    rmSync(dir, { recursive: true, force: true });
  }
}
