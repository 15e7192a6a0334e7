import { type Connection, openConnection } from '../../functions/database/connection.ts';
import { createLookout, noPrimary, type Seen } from '../../functions/database/look.ts';
import type { Server } from '../../functions/database/servers.ts';
import { readDatabaseSettings } from '../../functions/database/settings.ts';
import { EngineError, StartupError } from '../../functions/runtime/errors.ts';
import { CommandError } from '../support/command.ts';

/** The variables of a process, or those that stand in for them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs a task with a connection to the primary among the servers of the settings, whatever its schema is.
 * @throws CommandError when there is none, with the reason of each server
 */
export async function onPrimary<T>(env: Environment, task: (connection: Connection) => Promise<T>): Promise<T> {
  try {
    const { servers, replicas = [], connectTimeoutMs } = readDatabaseSettings(env);
    const all = [...servers, ...replicas];
    const seen = await Promise.all(all.map((server) => lookAt(server, connectTimeoutMs)));
    const index = seen.findIndex(({ role }) => role === 'primary');
    const primary = all[index];
    if (primary === undefined) throw noPrimary(seen);
    const connection = await openConnection(primary, connectTimeoutMs);
    try {
      return await task(connection);
    } finally {
      await connection.end();
    }
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new CommandError(error instanceof StartupError ? error.problems.join('\n') : error.message);
  }
}

async function lookAt(server: Server, timeoutMs: number): Promise<Seen> {
  const lookout = createLookout(server, timeoutMs);
  try {
    return await lookout.look();
  } finally {
    await lookout.close();
  }
}
