import { type DatabaseState, serverFiles, serverIds } from './layout.ts';
import { inspectServer, type ServerProcess } from './server.ts';
import { asSuperuser } from './sql.ts';

/** One server, as it is now. */
export interface ServerStatus extends ServerProcess {
  readonly id: number;
  readonly role: 'primary' | 'replica';
  readonly port: number;
  /** What of the primary's log it has not replayed yet, bytes; null when that cannot be told. */
  readonly behindBytes: number | null;
  /** Where it logs. */
  readonly log: string;
}

/** Both servers, as they are now. */
export interface DatabaseStatus {
  /** Whether both run, the one is the primary and the other follows it. */
  readonly healthy: boolean;
  readonly servers: readonly ServerStatus[];
}

/** Asks the system, and those servers that answer. */
export async function statusOf(state: DatabaseState): Promise<DatabaseStatus> {
  const behind = await lagOf(state);
  const servers = serverIds.map((id): ServerStatus => {
    const isPrimary = id === state.primary;
    return {
      id,
      role: isPrimary ? 'primary' : 'replica',
      port: state.ports[id] ?? 0,
      ...inspectServer(state.home, id),
      behindBytes: isPrimary ? null : (behind ?? null),
      log: serverFiles(state.home, id).log,
    };
  });
  return { healthy: servers.every((one) => one.state === 'running') && behind !== undefined, servers };
}

/** How many bytes the replica is behind, by the primary; undefined when none follows. */
export async function lagOf(state: DatabaseState): Promise<number | undefined> {
  if (inspectServer(state.home, state.primary).state !== 'running') return undefined;
  try {
    return await asSuperuser(state, state.primary, async (client) => {
      const sql =
        "select pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 as bytes from pg_stat_replication where state = 'streaming'";
      const { rows } = await client.query(sql);
      return rows[0] === undefined ? undefined : Math.max(0, Number(rows[0].bytes));
    });
  } catch {
    return undefined;
  }
}
