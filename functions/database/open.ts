import { StartupError } from '../runtime/errors.ts';
import { withLoginsOf } from './logins.ts';
import { createManager } from './manager.ts';
import { createMonitor } from './monitor.ts';
import { createPool } from './pool.ts';
import type { Database } from './port.ts';
import { withSecret } from './secret.ts';
import { nameOf, type Server } from './servers.ts';
import { type DatabaseSettings, readDatabaseSettings } from './settings.ts';

/** A container is one of few and handles many records at once; a function one of many, with a batch at a time. */
export const poolSizes = { container: 4, function: 2 } as const;

/** A server that hangs must not hold up the look at others for long. */
const longestLookMs = 1_000;

/**
 * The database that the settings name: what a function's `setup` makes. Servers that cannot be reached now are looked for
 * at each use, so that a process may start before its database. What waiting will not mend is told at once.
 * @throws StartupError with all that is wrong with the settings, or the reason why no server of them fits: a refused
 * login, a certificate, a missing migration, a schema that is newer than this code
 */
export async function openDatabase(env: Readonly<Record<string, string | undefined>>): Promise<Database> {
  const settings = await settingsOf(env);
  const named = serversOf(settings);
  const servers = env.DATABASE_SECRET_ARN ? withLoginsOf(named, async () => serversOf(await settingsOf(env))) : named;
  const size = settings.poolSize ?? (env.AWS_LAMBDA_FUNCTION_NAME ? poolSizes.function : poolSizes.container);
  const monitor = createMonitor(servers, Math.min(longestLookMs, settings.connectTimeoutMs));
  const database = createManager({
    monitor,
    pools: servers.map((server) => createPool(server, size, settings.connectTimeoutMs)),
    limits: settings,
    maxLagMs: settings.maxLagMs,
  });
  await monitor.look();
  const lasting = monitor.seen.filter(({ isPassing }) => isPassing === false);
  if (monitor.primary === undefined && lasting.length > 0) {
    await database.close();
    throw new StartupError(
      'DATABASE_UNFIT',
      lasting.map(({ problem }) => `${problem}.`),
    );
  }
  return database;
}

/** All that are named, each once. */
function serversOf({ servers, replicas = [] }: DatabaseSettings): readonly Server[] {
  const named = [...servers, ...replicas];
  return named.filter((server, index) => named.findIndex((one) => nameOf(one) === nameOf(server)) === index);
}

/** What is wrong in a secret is mended there, with no deployment: the database is not fit yet. */
async function settingsOf(env: Readonly<Record<string, string | undefined>>): Promise<DatabaseSettings> {
  const complete = await withSecret(env);
  try {
    return readDatabaseSettings(complete);
  } catch (error) {
    if (complete === env || !(error instanceof StartupError)) throw error;
    throw new StartupError('DATABASE_UNFIT', error.problems);
  }
}
