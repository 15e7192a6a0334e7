import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, openConnection } from '../../functions/database/connection.ts';
import { parseUrl } from '../../functions/database/servers.ts';
import { messageOf } from '../../functions/runtime/errors.ts';
import { CommandError } from '../../scripts/support/command.ts';
import { type DatabaseState, urlOf } from './layout.ts';
import { inspectServer, logTail } from './server.ts';

/** Runs a task with a connection of the superuser to one of the servers. */
export async function asSuperuser<T>(
  state: DatabaseState,
  id: number,
  task: (client: Connection['client']) => Promise<T>,
  database = 'postgres',
): Promise<T> {
  const [server] = parseUrl(urlOf(state, id, 'postgres', database)) ?? [];
  if (server === undefined) throw new Error('the URL of a local server cannot be read');
  const connection = await openConnection(server, 2_000);
  try {
    return await task(connection.client);
  } finally {
    await connection.end();
  }
}

/** Waits until a server answers. A CommandError with the end of its log when it ends instead, or takes too long. */
export async function untilAnswers(
  state: DatabaseState,
  id: number,
  signal: AbortSignal,
  timeoutMs = 60_000,
): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      await asSuperuser(state, id, (client) => client.query('select 1'));
      return;
    } catch (error) {
      const { state: now } = inspectServer(state.home, id);
      const isLate = Date.now() > until;
      if (now !== 'running' || isLate) {
        const why = isLate ? `does not answer (${messageOf(error)})` : `is ${now} instead of starting`;
        throw new CommandError(`PostgreSQL server ${id} ${why}. Its log:\n${logTail(state.home, id)}`);
      }
    }
    await delay(25, undefined, { signal });
  }
}
