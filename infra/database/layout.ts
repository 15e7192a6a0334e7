import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDir } from '../cluster/jars.ts';

/** A primary and one replica: each may be either. */
export const serverIds: readonly number[] = [1, 2];

/** What a directory remembers of its databases between starts, in `database.json`. It holds passwords. */
export interface DatabaseState {
  /** Which of the two is written to. */
  readonly primary: number;
  /** On loopback. */
  readonly ports: Readonly<Record<number, number>>;
  /** Of the superuser, of the owner of the database, and of who replicates. */
  readonly passwords: Readonly<Record<'postgres' | 'hft' | 'replicator', string>>;
  /** Where data and logs are: this directory, or another that a user without rights can reach. */
  readonly home: string;
  /** Settings of the servers beside our own. */
  readonly config: Readonly<Record<string, string>>;
}

/** The files of one server. */
export interface ServerFiles {
  readonly dir: string;
  readonly data: string;
  readonly log: string;
  readonly pid: string;
}

export function serverFiles(home: string, id: number): ServerFiles {
  const dir = join(home, `server-${id}`);
  return { dir, data: join(dir, 'data'), log: join(dir, 'server.log'), pid: join(dir, 'pid') };
}

/** Where the local databases are, unless a directory is named. */
export function databaseDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(localDir(env), 'database');
}

/** Its presence means that whoever started the servers has died: none may start any more. */
export function abandonedMarker(home: string): string {
  return join(home, 'abandoned');
}

/** The databases of this directory, or undefined when none were ever started there. */
export function readState(dir: string): DatabaseState | undefined {
  const path = join(dir, 'database.json');
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as DatabaseState;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`${path} cannot be read: delete the directory to start afresh`, { cause: error });
  }
}

/** Written beside and renamed, for its owner only. Beside it goes `env`, for `node --env-file`. */
export function writeState(dir: string, state: DatabaseState): void {
  mkdirSync(dir, { recursive: true });
  const { DATABASE_URL, DATABASE_REPLICA_URLS } = environmentOf(state);
  writePrivately(join(dir, 'database.json'), `${JSON.stringify(state, null, 2)}\n`);
  writePrivately(join(dir, 'env'), `DATABASE_URL=${DATABASE_URL}\nDATABASE_REPLICA_URLS=${DATABASE_REPLICA_URLS}\n`);
}

function writePrivately(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600); // one that an interrupted write has left keeps its mode
  renameSync(`${path}.new`, path);
}

/** What functions are told of these databases. */
export function environmentOf(state: DatabaseState): { DATABASE_URL: string; DATABASE_REPLICA_URLS: string } {
  const urls = serverIds.map((id) => ({ id, url: urlOf(state, id, 'hft', 'hft') }));
  return {
    DATABASE_URL: urls.find(({ id }) => id === state.primary)?.url ?? '',
    DATABASE_REPLICA_URLS: urls.flatMap(({ id, url }) => (id === state.primary ? [] : [url])).join(' '),
  };
}

/** The way into one of the servers as one of its users. */
export function urlOf(
  { ports, passwords }: DatabaseState,
  id: number,
  user: keyof DatabaseState['passwords'],
  database: string,
): string {
  return `postgres://${user}:${passwords[user]}@127.0.0.1:${ports[id]}/${database}`;
}
