import { openLocalDatabase } from '../../infra/database/database.ts';
import { CommandError } from '../support/command.ts';
import type { Environment } from './on-primary.ts';

/** The environment that names the database: the given one where it has a DATABASE_URL, else that of the local databases. */
export function environmentOf(dir: string, env: Environment = process.env): Environment {
  if (env.DATABASE_URL) return env;
  const local = openLocalDatabase(dir);
  if (local) return { ...env, ...local.environment() };
  throw new CommandError(
    `DATABASE_URL is not set, and no local databases were ever started in ${dir}: npm run database -- start`,
  );
}
