import type { Database } from './port.ts';

/** Where a function is run: it decides how many connections a process may have. */
export interface OpenOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The database that the settings name: what a function's `setup` makes. A server that cannot be reached now is looked for
 * at each use; a schema that is not the one this code knows is told at once.
 * @throws StartupError with all that is wrong with the settings, or the reason why no server of them fits
 */
export async function openDatabase(_options: OpenOptions): Promise<Database> {
  throw new Error('The connection manager is not here yet.');
}
