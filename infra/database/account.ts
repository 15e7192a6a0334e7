import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CommandError } from '../../scripts/support/command.ts';

/** Whom the servers run as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root, so root runs it as a user without rights that the system has; anybody else as
 * themselves (undefined).
 */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new CommandError(
    'PostgreSQL refuses to run as root, and this system has neither a user postgres nor nobody to run it as: ' +
      'add one (useradd --system postgres), or run this as another user.',
  );
}

/** Whether everybody may come to a path: each folder on the way lets them through. */
export function isReachable(path: string): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Where data and logs go: the directory itself, or one of its own under the system's temporary folder. */
export function homeOf(dir: string, account: Account | undefined): string {
  mkdirSync(dir, { recursive: true });
  if (account === undefined || isReachable(dir)) return dir;
  const home = join(tmpdir(), `hft-database-${createHash('sha256').update(resolve(dir)).digest('hex').slice(0, 12)}`);
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o755);
  if (statSync(home).uid !== 0 || !isReachable(home)) {
    throw new CommandError(`user ${account.uid} can come to neither ${dir} nor ${home}: name another with --dir`);
  }
  return home;
}
