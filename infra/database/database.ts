import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError } from '../../scripts/support/command.ts';
import { withLock } from '../cluster/lock.ts';
import { freePort, isFree } from '../cluster/ports.ts';
import { type FullStart, type LocalStart, startLocked } from '../cluster/start.ts';
import type { Watchdog } from '../cluster/watchdog.ts';
import { homeOf, serverAccount } from './account.ts';
import { promoteReplica } from './failover.ts';
import {
  abandonedMarker,
  type DatabaseState,
  environmentOf,
  readState,
  serverFiles,
  serverIds,
  writeState,
} from './layout.ts';
import { makeReplica } from './replica.ts';
import { initialise, inspectServer, killServer, launch, pauseServer, stopServer } from './server.ts';
import { type ServerSize, sizeOf } from './size.ts';
import { asSuperuser, untilAnswers } from './sql.ts';
import { type DatabaseStatus, statusOf } from './status.ts';
import { guardServers } from './watchdog.ts';

/** A primary and a replica on loopback. The same object works from any process: it looks at the system, not at memory. */
export interface LocalDatabase {
  readonly dir: string;
  /** DATABASE_URL and DATABASE_REPLICA_URLS, as they are now: a failover changes which is which. */
  environment(): { DATABASE_URL: string; DATABASE_REPLICA_URLS: string };
  status(): Promise<DatabaseStatus>;
  /** What a server takes on the disk. */
  size(id: number): ServerSize;
  /** Ends both, cleanly. Data stays. */
  stop(): Promise<void>;
  /** Makes the replica the primary; the old one is stopped first, or killed, and follows the new one unless it is left. */
  failover(options?: { readonly kill?: boolean; readonly leave?: boolean }): Promise<void>;
  pause(id: number): Promise<void>;
  resume(id: number): Promise<void>;
  kill(id: number): Promise<void>;
  stopServer(id: number): Promise<void>;
  /** Starts a server again, and waits until it answers. */
  startServer(id: number): Promise<void>;
  /** Stops both and deletes their data. */
  reset(): Promise<void>;
}

/** How to start. */
export interface StartOptions extends LocalStart {
  /** Further settings of the servers, by their names. */
  readonly config?: Readonly<Record<string, string>>;
}

const graceMs = 10_000;
const watchdogs = new Map<string, Watchdog>();

/** Starts what does not run of the two servers of a directory, and waits until both answer. A start that fails leaves nothing running that it started. */
export function startDatabase(options: StartOptions): Promise<LocalDatabase> {
  return startLocked(options, start);
}

async function start(options: FullStart<StartOptions>): Promise<LocalDatabase> {
  const { dir, onProgress, signal, attached, temporary } = options;
  const state = await prepare(dir, options);
  const missing = serverIds.filter((id) => inspectServer(state.home, id).state === 'stopped');
  rmSync(abandonedMarker(state.home), { force: true });
  const watchdog = guardServers(dir, state.home, attached ? serverIds : missing, temporary);
  try {
    for (const id of serverIds)
      if (inspectServer(state.home, id).state === 'paused') await pauseServer(state.home, id, false);
    const order = [state.primary, ...serverIds.filter((id) => id !== state.primary)];
    for (const id of order) {
      signal.throwIfAborted();
      if (!missing.includes(id)) continue;
      onProgress(`Starting PostgreSQL server ${id} (${id === state.primary ? 'primary' : 'replica'}) ...`);
      await bringUp(state, id, signal);
    }
  } catch (error) {
    for (const id of missing) await killServer(state.home, id);
    watchdog.dismiss();
    throw error;
  }
  if (attached) watchdogs.set(dir, watchdog);
  else watchdog.dismiss();
  return databaseOf(dir, state.home);
}

/** The databases of a directory, running or not; undefined when none were ever started there. */
export function openLocalDatabase(dir: string): LocalDatabase | undefined {
  const state = readState(resolve(dir));
  return state && databaseOf(resolve(dir), state.home);
}

/** Ports of the last start are kept where they are free. */
async function prepare(dir: string, { config = {} }: StartOptions): Promise<DatabaseState> {
  const before = readState(dir);
  const home = before?.home ?? homeOf(dir, serverAccount());
  const ports: Record<number, number> = {};
  for (const id of serverIds) {
    const kept = before?.ports[id];
    const runs = inspectServer(home, id).state !== 'stopped';
    ports[id] =
      kept !== undefined && (runs || (await isFree(kept))) ? kept : await freePort(new Set(Object.values(ports)));
  }
  const secret = (): string => randomBytes(18).toString('base64url');
  const passwords = before?.passwords ?? { postgres: secret(), hft: secret(), replicator: secret() };
  const state = { primary: before?.primary ?? 1, ports, passwords, home, config };
  writeState(dir, state);
  return state;
}

/** Starts one server: the primary with its users, the replica from a backup when it has no data or cannot follow. */
async function bringUp(state: DatabaseState, id: number, signal: AbortSignal): Promise<void> {
  const { data } = serverFiles(state.home, id);
  const isPrimary = id === state.primary;
  const ready = join(data, 'hft.ready');
  if (isPrimary && !existsSync(ready)) {
    rmSync(data, { recursive: true, force: true }); // an interrupted first start
    await initialise(state, id);
  } else if (!isPrimary) {
    // Ports may have changed since, and the primary gone on without it: a copy is sure, and quick at this size.
    await makeReplica(state, id);
  }
  signal.throwIfAborted();
  await launch(state, id);
  await untilAnswers(state, id, signal);
  if (isPrimary && !existsSync(ready)) await createUsers(state, ready);
}

async function createUsers(state: DatabaseState, ready: string): Promise<void> {
  const { hft, replicator } = state.passwords;
  await asSuperuser(state, state.primary, async (client) => {
    // The passwords are ours: letters, digits, dash and underscore.
    await client.query(`create role hft login password '${hft}'`);
    await client.query(`create role replicator login replication password '${replicator}'`);
    await client.query('create database hft owner hft');
  });
  writeFileSync(ready, '');
}

function databaseOf(dir: string, home: string): LocalDatabase {
  const state = (): DatabaseState => {
    const now = readState(dir);
    if (!now) throw new CommandError(`there are no databases in ${dir}. Start them: npm run database -- start`);
    return now;
  };
  const known = (id: number): number => {
    if (!serverIds.includes(id)) throw new CommandError(`there is no server ${id}: they are ${serverIds.join(', ')}`);
    return id;
  };
  const never = new AbortController().signal;
  const stop = async (): Promise<void> => {
    const { primary } = state();
    // The primary first: it sends the rest of its log before it ends.
    for (const id of [primary, ...serverIds.filter((one) => one !== primary)]) await stopServer(home, id, graceMs);
    watchdogs.get(dir)?.dismiss();
    watchdogs.delete(dir);
  };
  return {
    dir,
    environment: () => environmentOf(state()),
    status: () => statusOf(state()),
    size: (id) => sizeOf(home, known(id)),
    stop: () => withLock(dir, stop),
    failover: (options = {}) =>
      withLock(dir, async () => {
        const before = state();
        const after = await promoteReplica(before, options);
        writeState(dir, after);
        if (!options.leave) await bringUp(after, before.primary, never);
      }),
    pause: (id) => pauseServer(home, known(id), true),
    resume: (id) => pauseServer(home, known(id), false),
    kill: (id) => killServer(home, known(id)),
    stopServer: (id) => stopServer(home, known(id), graceMs),
    async startServer(id) {
      const now = state();
      if (inspectServer(home, known(id)).state !== 'stopped') return;
      if (id !== now.primary && inspectServer(home, now.primary).state === 'running')
        return await bringUp(now, id, never);
      await launch(now, id);
      await untilAnswers(now, id, never);
    },
    reset: () =>
      withLock(dir, async () => {
        for (const id of serverIds) await killServer(home, id);
        watchdogs.get(dir)?.dismiss();
        watchdogs.delete(dir);
        for (const id of serverIds) rmSync(serverFiles(home, id).dir, { recursive: true, force: true });
        for (const name of ['database.json', 'env', 'lib', 'postgresql'])
          rmSync(join(home, name), { recursive: true, force: true });
        for (const name of ['database.json', 'env']) rmSync(join(dir, name), { force: true });
        if (home !== dir) rmSync(home, { recursive: true, force: true });
      }),
  };
}
