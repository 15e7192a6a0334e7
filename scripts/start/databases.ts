import { openLocalDatabase, startDatabase } from '../../infra/database/database.ts';
import { databaseDir } from '../../infra/database/layout.ts';
import type { ServerSize } from '../../infra/database/size.ts';
import { migrate } from '../database/migrate.ts';
import { onPrimary } from '../database/on-primary.ts';
import { arrangeDays } from '../database/partitions.ts';
import { type Bound, type BoundOptions, countSql, createBound } from './database-bound.ts';

/** How often the disk is looked at: thousands of files. */
const measureMs = 5_000;

/** A server of the database, as far as it can be seen from here. */
export interface DatabaseRow {
  /** The number of a server of our own, else the name of the setting that gives it. */
  readonly server: string;
  readonly role: 'primary' | 'replica';
  readonly state: 'running' | 'paused' | 'stopped' | 'unknown';
  /** How much of the primary's log a replica has not replayed; null when that is not known. */
  readonly behindBytes: number | null;
  /** What it takes on the disk; null when that is not known. */
  readonly sizeBytes: number | null;
}

/** The database to write to and to read from. */
export interface Databases {
  /** DATABASE_URL and DATABASE_REPLICA_URLS. */
  readonly env: Readonly<Record<string, string>>;
  /** As at the last look. */
  rows(): readonly DatabaseRow[];
  look(): Promise<void>;
  /**
   * How many snapshots the tables hold whose input lies at or behind these offsets of the source topic, by partition
   * number: asked of the primary itself.
   */
  stored(from: readonly number[]): Promise<number>;
  /** From now on the tables of servers of our own are emptied when they grow too large; `stored` goes on counting. */
  bound(options: BoundOptions): void;
  /** Leaves the servers as they were found. */
  leave(): Promise<void>;
}

export interface DatabaseOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** Starts the local servers, or takes those that run, or those that DATABASE_URL names; then brings their schema up to date. */
export async function findDatabases({ env, signal, onProgress }: DatabaseOptions): Promise<Databases> {
  const found = env.DATABASE_URL ? named(env) : await local({ signal, onProgress });
  try {
    await onPrimary({ ...env, ...found.env }, async (connection) => {
      const { ran } = await migrate(connection);
      if (ran.length > 0) onProgress(`Database: ran ${ran.join(', ')}`);
      await arrangeDays(connection, { ahead: 1, keep: undefined });
    });
    await found.look();
  } catch (error) {
    await found.leave();
    throw error;
  }
  return found;
}

function named(env: NodeJS.ProcessEnv): Databases {
  const given = { DATABASE_URL: env.DATABASE_URL ?? '', DATABASE_REPLICA_URLS: env.DATABASE_REPLICA_URLS ?? '' };
  const row = (server: string, role: DatabaseRow['role']): DatabaseRow => {
    return { server, role, state: 'unknown', behindBytes: null, sizeBytes: null };
  };
  const replicas = given.DATABASE_REPLICA_URLS === '' ? [] : [row('DATABASE_REPLICA_URLS', 'replica')];
  return {
    env: given,
    rows: () => [row('DATABASE_URL', 'primary'), ...replicas],
    look: async () => undefined,
    stored: (from) => storedOf({ ...env, ...given }, from),
    bound: () => undefined, // it is not ours to empty
    leave: async () => undefined,
  };
}

async function local({ signal, onProgress }: Omit<DatabaseOptions, 'env'>): Promise<Databases> {
  const dir = databaseDir();
  const before = await openLocalDatabase(dir)?.status();
  const ranBefore = before?.servers.some(({ state }) => state !== 'stopped') ?? false;
  // What somebody else started must not die with us.
  const database = await startDatabase({ dir, signal, onProgress, attached: !ranBefore });
  let rows: readonly DatabaseRow[] = [];
  let bound: Bound | undefined;
  let measuredAtMs = 0;
  const sizes = new Map<number, ServerSize>();
  const environment = (): NodeJS.ProcessEnv => ({ ...process.env, ...database.environment() });
  return {
    env: database.environment(),
    rows: () => rows,
    async look() {
      const { servers } = await database.status();
      const isDue = Date.now() - measuredAtMs >= measureMs;
      if (isDue) measuredAtMs = Date.now();
      rows = servers.map(({ id, role, state, behindBytes }) => {
        if (isDue) sizes.set(id, database.size(id));
        return { server: String(id), role, state, behindBytes, sizeBytes: sizes.get(id)?.all ?? null };
      });
      const primary = servers.find(({ role }) => role === 'primary');
      const size = primary && sizes.get(primary.id);
      if (isDue && size) await bound?.check(size.tables);
    },
    stored: async (from) => (await storedOf(environment(), from)) + (bound?.dropped ?? 0),
    bound(options) {
      bound = createBound(environment(), options);
      measuredAtMs = 0;
    },
    leave: async () => {
      if (!ranBefore) await database.stop();
    },
  };
}

async function storedOf(env: NodeJS.ProcessEnv, from: readonly number[]): Promise<number> {
  return await onPrimary(env, async (connection) => {
    const { rows } = await connection.client.query(countSql, [from]);
    return Number(rows[0]?.stored ?? 0);
  });
}
