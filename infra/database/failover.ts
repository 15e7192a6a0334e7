import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../../scripts/support/command.ts';
import { type DatabaseState, serverIds } from './layout.ts';
import { inspectServer, killServer, launch, stopServer } from './server.ts';
import { asSuperuser, untilAnswers } from './sql.ts';
import { lagOf } from './status.ts';

const graceMs = 10_000;
const followMs = 15_000;

/**
 * Makes the replica the primary. An orderly one loses nothing: the primary is stopped only while the replica follows it,
 * and sends all it has before it ends; should the replica lack anything even so, the primary is started again. One that
 * is killed, or hangs, is not asked: what it had not sent is lost.
 * @throws CommandError when the replica is not fit for it; nothing was changed then
 */
export async function promoteReplica(
  state: DatabaseState,
  options: { readonly kill?: boolean },
): Promise<DatabaseState> {
  const { home, primary } = state;
  const next = serverIds.find((id) => id !== primary) ?? 0;
  if (inspectServer(home, next).state !== 'running') {
    throw new CommandError(
      `server ${next}, the replica, does not run: nothing was changed. Start it: npm run database -- start`,
    );
  }
  if (options.kill || inspectServer(home, primary).state !== 'running') {
    await killServer(home, primary);
  } else {
    await untilFollowed(state);
    const written = await asSuperuser(state, primary, (client) =>
      client.query('select pg_current_wal_lsn()::text as lsn'),
    );
    await stopServer(home, primary, graceMs);
    await insistOn(state, next, String(written.rows[0].lsn));
  }
  await asSuperuser(state, next, (client) => client.query('select pg_promote(true, 30)'));
  return { ...state, primary: next };
}

async function untilFollowed(state: DatabaseState): Promise<void> {
  const until = Date.now() + followMs;
  while ((await lagOf(state)) === undefined) {
    if (Date.now() > until) {
      throw new CommandError(
        `the replica does not follow the primary, so that a failover would lose what it lacks: nothing was changed. ` +
          'Make it anew: npm run database -- restart <replica>; or take the loss: failover --kill',
      );
    }
    await delay(50);
  }
}

async function insistOn(state: DatabaseState, replica: number, lsn: string): Promise<void> {
  const sql = 'select pg_last_wal_receive_lsn() >= $1::pg_lsn as "hasAll"';
  const { rows } = await asSuperuser(state, replica, (client) => client.query(sql, [lsn]));
  if (rows[0].hasAll) return;
  await launch(state, state.primary);
  await untilAnswers(state, state.primary, new AbortController().signal);
  throw new CommandError(
    'the replica lacked something when the primary was stopped: the primary was started again. Try once more',
  );
}
