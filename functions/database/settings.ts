import { readFileSync } from 'node:fs';
import { StartupError } from '../runtime/errors.ts';
import { givenText, readTable } from '../runtime/read-settings.ts';
import { integer, type SettingSpec, setting, text } from '../runtime/setting-kinds.ts';
import { secretArn } from './secret.ts';
import { nameOf, parseUrl, parseUrls } from './servers.ts';

const urlShape =
  'postgres://user:password@host:5432/database (@ / ? # of a password as %40 %2F %3F %23), ' +
  'several hosts with commas between';

/** Settings of functions that use a database, and of nobody else. */
export const databaseSettingSpecs = {
  secret: setting({
    name: 'DATABASE_SECRET_ARN',
    fallback: null,
    ...text(
      secretArn,
      'the ARN of a secret in Secrets Manager, a JSON object with DATABASE_URL and, where there are, DATABASE_REPLICA_URLS',
    ),
    effect: 'Lambda: where both are read from, once an environment; neither is then a variable of the function.',
  }),
  servers: setting({
    name: 'DATABASE_URL',
    fallback: undefined,
    secret: true,
    accepts: `${urlShape}; ?sslmode=disable, require, verify-ca or verify-full (the default except on loopback), &sslrootcert=ca.pem`,
    effect: 'The database. Whichever of its hosts is the primary is written to.',
    parse: parseUrl,
  }),
  replicas: setting({
    name: 'DATABASE_REPLICA_URLS',
    fallback: null,
    secret: true,
    accepts: `one or several of ${urlShape}, with spaces or commas between`,
    effect: 'Further servers of the same database: read from, and written to once one of them is the primary.',
    parse: parseUrls,
  }),
  poolSize: setting({
    name: 'DATABASE_POOL_SIZE',
    fallback: null,
    ...integer(1, 100),
    effect:
      'Most connections of this process to one server, beside one that looks how it is. Default: 4 in a container, 2 in a function.',
  }),
  connectTimeoutMs: setting({
    name: 'DATABASE_CONNECT_TIMEOUT_MS',
    fallback: '3000',
    ...integer(100, 60_000),
    effect: 'How long a connection to the database may take, and waiting for a free one.',
  }),
  statementTimeoutMs: setting({
    name: 'DATABASE_STATEMENT_TIMEOUT_MS',
    fallback: '10000',
    ...integer(100, 600_000),
    effect: 'How long one statement may run, at the server and on the way.',
  }),
  lockTimeoutMs: setting({
    name: 'DATABASE_LOCK_TIMEOUT_MS',
    fallback: '3000',
    ...integer(10, 600_000),
    effect: 'How long a statement may wait for a lock that another transaction holds.',
  }),
  maxLagMs: setting({
    name: 'DATABASE_MAX_LAG_MS',
    fallback: '2000',
    ...integer(0, 3_600_000),
    effect: 'How far a replica may be behind to be read from; else the primary is.',
  }),
} as const;

type Specs = typeof databaseSettingSpecs;
type ValueOf<Spec> = Spec extends SettingSpec<infer Value> ? Value : never;

/** The settings, typed. Those without a default are `undefined` when absent. */
export type DatabaseSettings = {
  readonly [Name in keyof Specs]:
    | ValueOf<Specs[Name]>
    | (Name extends 'replicas' | 'poolSize' | 'secret' ? undefined : never);
};

/** What is wrong with the settings of the database, one sentence each; what a secret holds is not known yet. */
export function databaseSettingProblems(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { servers, replicas, ...others } = databaseSettingSpecs;
  if (givenText(others.secret, env) !== undefined) {
    const problems: string[] = [];
    readTable(others, env, problems);
    const both = [servers, replicas].filter((spec) => givenText(spec, env) !== undefined);
    return [...problems, ...both.map(({ name }) => `${name} and DATABASE_SECRET_ARN are both set: set one of them.`)];
  }
  try {
    readDatabaseSettings(env);
    return [];
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return error.problems;
  }
}

/**
 * Reads the settings of the database.
 * @throws StartupError with all that is wrong with them at once; of a URL nothing is shown
 */
export function readDatabaseSettings(env: Readonly<Record<string, string | undefined>>): DatabaseSettings {
  const problems: string[] = [];
  const settings = readTable(databaseSettingSpecs, env, problems) as DatabaseSettings;
  for (const server of [...(settings.servers ?? []), ...(settings.replicas ?? [])]) {
    const { caFile } = server.tls;
    if (caFile === undefined) continue;
    try {
      readFileSync(caFile);
    } catch {
      problems.push(
        `sslrootcert of ${nameOf(server)} is '${caFile}', which cannot be read: name a PEM file that exists.`,
      );
    }
  }
  if (problems.length > 0) throw new StartupError('CONFIG_INVALID', [...new Set(problems)]);
  return settings;
}
