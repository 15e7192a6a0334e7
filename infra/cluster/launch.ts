import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

// The process notes its own id before it becomes the server, and then looks whether it was given up: the watchdog
// writes its marker first and reads the ids then. Whichever comes later sees the other, so no server slips through.
// Nobody empties the file on the way: who reads it at any moment finds no id or a whole one, never a broken line.
const launcher = '{ [ -s "$0" ] || echo $$ >> "$0"; } && [ ! -e "$1" ] && shift && exec "$@"';

/** How to start a server that outlives this process. */
export interface Launch {
  /** Holds its id from now on. It must be empty or absent, and writable for the account of the server. */
  readonly pidFile: string;
  /** A file by which the server was given up already: it is not started then. */
  readonly abandoned: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly options: SpawnOptions;
}

/** Starts a server in a session of its own. When this resolves, `notedPid` knows it. */
export async function launchNoted({ pidFile, abandoned, command, options }: Launch): Promise<void> {
  const child = spawn('/bin/sh', ['-c', launcher, pidFile, abandoned, ...command], { ...options, detached: true });
  await once(child, 'spawn');
  // The same id that the process notes itself, here so that it is known from now on. Twice in the file does no harm.
  appendFileSync(pidFile, `${child.pid}\n`);
  child.unref();
}

/** The id that a file holds; 0 when it holds none. */
export function notedPid(pidFile: string): number {
  return existsSync(pidFile) ? Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || 0 : 0;
}
