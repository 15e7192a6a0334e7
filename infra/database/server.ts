import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  fchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../../scripts/support/command.ts';
import { launchNoted, notedPid } from '../cluster/launch.ts';
import { processInfo, send } from '../cluster/process-info.ts';
import { serverAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { abandonedMarker, type DatabaseState, serverFiles } from './layout.ts';
import { childrenOf } from './processes.ts';

/** A server as the system sees it now. */
export interface ServerProcess {
  readonly state: 'running' | 'paused' | 'stopped';
  readonly pid?: number;
}

/** The process of a server. By its data directory on the command line it is known to be ours. */
export function inspectServer(home: string, id: number): ServerProcess {
  const { pid: pidFile, data } = serverFiles(home, id);
  const pid = notedPid(pidFile);
  const info = pid > 0 ? processInfo(pid) : undefined;
  if (!info?.exiting && !info?.command.includes(data)) return { state: 'stopped' };
  return { state: info.paused ? 'paused' : 'running', pid };
}

/** Makes the folder of a server, and an empty database cluster in it. */
export async function initialise(state: DatabaseState, id: number): Promise<void> {
  const files = serverFiles(state.home, id);
  const account = serverAccount();
  makeServerDir(state.home, id);
  const { initdb, env } = findBinaries(state.home, account);
  const passwordFile = `${files.dir}/password`;
  writeFileSync(passwordFile, state.passwords.postgres, { mode: 0o600 });
  if (account) chownSync(passwordFile, account.uid, account.gid);
  try {
    await run(
      initdb,
      [
        '-D',
        files.data,
        '-U',
        'postgres',
        '-A',
        'scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--no-locale',
        '--no-sync',
      ],
      env,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  writeFileSync(
    `${files.data}/pg_hba.conf`,
    'host all all 127.0.0.1/32 scram-sha-256\nhost replication replicator 127.0.0.1/32 scram-sha-256\n',
  );
}

/** The folder of a server: nobody but its user may look in. */
export function makeServerDir(home: string, id: number): void {
  const { dir } = serverFiles(home, id);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const account = serverAccount();
  if (account) chownSync(dir, account.uid, account.gid);
}

async function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(program, args, { ...serverAccount(), cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new CommandError(`initdb failed:\n${output.trimEnd()}`);
}

/** Starts a server that is stopped. It does not wait until it answers. */
export async function launch(state: DatabaseState, id: number): Promise<void> {
  const files = serverFiles(state.home, id);
  const account = serverAccount();
  const { postgres, env } = findBinaries(state.home, account);
  const log = openSync(files.log, 'w', 0o600);
  if (account) fchownSync(log, account.uid, account.gid);
  dropStalePid(files.data);
  writeFileSync(files.pid, '');
  if (account) chownSync(files.pid, account.uid, account.gid);
  const options = Object.entries({ ...settings, ...state.config, port: String(state.ports[id]) });
  const args = ['-D', files.data, ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  await launchNoted({
    pidFile: files.pid,
    abandoned: abandonedMarker(state.home),
    command: [postgres, ...args],
    options: {
      ...account,
      ...{ cwd: files.dir, env: { ...env, PATH: process.env.PATH ?? '' }, stdio: ['ignore', log, log] },
    },
  });
  closeSync(log);
}

/**
 * A server that was killed leaves its id behind, and the next one refuses to start while a process has it: a stranger, or
 * the dead one itself where nobody waits for orphans.
 */
function dropStalePid(data: string): void {
  const path = `${data}/postmaster.pid`;
  const pid = notedPid(path);
  if (pid > 0 && !processInfo(pid)?.command.includes(data)) rmSync(path);
}

/** What any pair of servers runs with: infra/compose/compose.yml as well. */
export const pairSettings = {
  max_connections: '100',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  wal_level: 'replica',
  // A replica that stays away must not fill the disk: it is made anew then.
  max_slot_wal_keep_size: '1GB',
  hot_standby_feedback: 'on',
  wal_receiver_status_interval: '1s',
  log_timezone: 'UTC',
  timezone: 'UTC',
} as const;

const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...pairSettings } as const;

/** Signals of a shutdown, in order of patience: sessions are ended, then the server is left to recover, then killed. */
const endings = ['SIGINT', 'SIGQUIT'] as const;

/** Ends a server cleanly, unless the grace runs out. A paused one is resumed for it. */
export async function stopServer(home: string, id: number, graceMs: number): Promise<void> {
  for (const signal of endings) {
    const { pid } = inspectServer(home, id);
    if (pid === undefined) return;
    send(pid, signal);
    for (const one of [pid, ...childrenOf(pid)]) send(one, 'SIGCONT');
    if (await isGone(home, id, graceMs)) return;
  }
  await killServer(home, id);
}

/** As when its machine loses power: nothing is flushed, and its backends are gone as well. */
export async function killServer(home: string, id: number): Promise<void> {
  const { pid } = inspectServer(home, id);
  if (pid === undefined) return;
  send(pid, 'SIGSTOP'); // it makes no further ones
  const all = [pid, ...childrenOf(pid)];
  for (const one of all) send(one, 'SIGKILL');
  const until = Date.now() + 30_000;
  while (all.some((one) => processInfo(one) !== undefined)) {
    if (Date.now() > until) throw new Error(`server ${id} did not end 30 s after SIGKILL`);
    await delay(10);
  }
}

async function isGone(home: string, id: number, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (inspectServer(home, id).state !== 'stopped') {
    if (Date.now() > until) return false;
    await delay(10);
  }
  return true;
}

/** SIGSTOP or SIGCONT to a server and all of its backends: connections stay open, and nothing is answered. */
export async function pauseServer(home: string, id: number, isPaused: boolean): Promise<void> {
  const { pid } = inspectServer(home, id);
  if (pid === undefined) throw new CommandError(`server ${id} does not run`);
  const signal = isPaused ? 'SIGSTOP' : 'SIGCONT';
  if (isPaused) send(pid, signal); // it makes no further backends
  for (const child of childrenOf(pid)) send(child, signal);
  if (!isPaused) send(pid, signal);
  const until = Date.now() + 10_000;
  while ((inspectServer(home, id).state === 'paused') !== isPaused && Date.now() < until) await delay(10);
}

/** The last lines that a server logged, for an error message. */
export function logTail(home: string, id: number): string {
  const { log } = serverFiles(home, id);
  const text = existsSync(log) ? readFileSync(log, 'utf8').trimEnd() : '';
  return text
    .split('\n')
    .slice(-12)
    .map((line) => `  ${line}\n`)
    .join('');
}
