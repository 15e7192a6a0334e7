import { openLocalDatabase } from '../../infra/database/database.ts';
import { CommandError } from '../support/command.ts';
import type { Environment } from './on-primary.ts';

/**
 * The environment that names the database: the given one where it has a DATABASE_URL, else that of the local databases.
 * @throws CommandError when there are none, or they do not run
 */
export async function environmentOf(dir: string, env: Environment = process.env): Promise<Environment> {
  if (env.DATABASE_URL) return env;
  const local = openLocalDatabase(dir);
  if (local) {
    const { servers } = await local.status();
    if (servers.some(({ state }) => state !== 'stopped')) return { ...env, ...local.environment() };
    throw new CommandError(
      `DATABASE_URL is not set, and the local databases in ${dir} do not run: npm run database -- start`,
    );
  }
  throw new CommandError(
    `DATABASE_URL is not set, and no local databases were ever started in ${dir}: npm run database -- start`,
  );
}
