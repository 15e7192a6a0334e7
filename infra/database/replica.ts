import { chownSync, copyFileSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverAccount } from './account.ts';
import { type DatabaseState, serverFiles } from './layout.ts';
import { makeServerDir } from './server.ts';
import { asSuperuser } from './sql.ts';

/** Of these a backup has the folder and not what is in it: the replica makes its own, or is sent it. */
const emptied = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);
const leftOut = /^(postmaster\.(pid|opts)|backup_label|standby\.signal|pgsql_tmp.*)$/;

/**
 * Makes a server a replica of the primary, from a backup of the running primary: what pg_basebackup does, which the package
 * lacks, by the server's own functions for such a copy.
 */
export async function makeReplica(state: DatabaseState, id: number): Promise<void> {
  const files = serverFiles(state.home, id);
  makeServerDir(state.home, id);
  rmSync(files.data, { recursive: true, force: true });
  const source = serverFiles(state.home, state.primary).data;
  const slot = `server_${id}`;
  await asSuperuser(state, state.primary, async (client) => {
    await client.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [
      slot,
    ]);
    // From here on the primary keeps what the replica will ask for.
    await client.query('select pg_create_physical_replication_slot($1, true)', [slot]);
    await client.query("select pg_backup_start('replica', fast => true)");
    copyData(source, files.data);
    const { rows } = await client.query('select labelfile from pg_backup_stop(wait_for_archive => false)');
    writeOwned(join(files.data, 'backup_label'), String(rows[0].labelfile));
  });
  const way = `host=127.0.0.1 port=${state.ports[state.primary]} user=replicator password=${state.passwords.replicator}`;
  writeOwned(
    join(files.data, 'postgresql.auto.conf'),
    `primary_conninfo = '${way} connect_timeout=3'\nprimary_slot_name = '${slot}'\nwal_receiver_timeout = '5s'\nwal_retrieve_retry_interval = '200ms'\n`,
  );
  writeOwned(join(files.data, 'standby.signal'), '');
}

/** Copies files that change and vanish meanwhile: the log has what is missing then. */
function copyData(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 });
  own(to);
  for (const name of readdirSync(from)) {
    if (leftOut.test(name)) continue;
    const [source, target] = [join(from, name), join(to, name)];
    try {
      if (!lstatSync(source).isDirectory()) {
        copyFileSync(source, target);
        own(target);
      } else if (emptied.has(name)) {
        mkdirSync(target, { mode: 0o700 });
        own(target);
        if (name === 'pg_wal') for (const inner of ['archive_status', 'summaries']) makeOwned(join(target, inner));
      } else {
        copyData(source, target);
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
}

function makeOwned(path: string): void {
  mkdirSync(path, { mode: 0o700 });
  own(path);
}

function writeOwned(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  own(path);
}

function own(path: string): void {
  const account = serverAccount();
  if (account) chownSync(path, account.uid, account.gid);
}
