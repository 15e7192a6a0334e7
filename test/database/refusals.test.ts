import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDatabase } from '../../functions/database/open.ts';
import { DependencyDownError, messageOf } from '../../functions/runtime/errors.ts';
import { serverAccount } from '../../infra/database/account.ts';
import { readState, serverFiles } from '../../infra/database/layout.ts';
import { migrate } from '../../scripts/database/migrate.ts';
import { onPrimary } from '../../scripts/database/on-primary.ts';
import { arrangeDays } from '../../scripts/database/partitions.ts';
import { asAdministrator, never, startTestDatabase, type TestDatabase } from '../support/database.ts';

let servers: TestDatabase;

beforeAll(async () => {
  servers = await startTestDatabase({
    migrated: false,
    config: { max_connections: '13', superuser_reserved_connections: '3' },
  });
});

afterAll(() => servers.stop());

/** What opening says, of which nothing may be a password. */
async function refusalOf(change: (url: string) => string): Promise<string> {
  const { DATABASE_URL } = servers.local.environment();
  const url = change(DATABASE_URL);
  try {
    await (await openDatabase({ DATABASE_URL: url, DATABASE_CONNECT_TIMEOUT_MS: '500' })).close();
    return 'opened';
  } catch (error) {
    const password = /:([^:@]+)@/.exec(url)?.[1] ?? 'no password';
    expect(`${messageOf(error)} ${JSON.stringify(error)}`).not.toContain(password);
    return messageOf(error);
  }
}

const insert = (id: number) => ({
  text: 'insert into partition_positions values ($1, $2, 0, 0, 0)',
  values: ['group', `topic-${id}`],
});

describe('what waiting does not mend is told in one sentence, with the remedy and no credentials', () => {
  test.each<[what: string, change: (url: string) => string, said: RegExp]>([
    [
      'a wrong password',
      (url) => url.replace(/:[^:@]+@/, ':wrong-secret@'),
      /^The database 127\.0\.0\.1:\d+ refuses the login: check user and password in DATABASE_URL, .* \(28P01\)\.$/,
    ],
    [
      'no password',
      (url) => url.replace(/:[^:@]+@/, '@'),
      /^The database \S+ refuses the login: check user and password in DATABASE_URL\.$/,
    ],
    [
      'an unknown user',
      (url) => url.replace('hft:', 'nobody-known:'),
      /^The database \S+ refuses the login: .*\(28P01\)\.$/,
    ],
    [
      'an unknown database',
      (url) => url.replace(/hft$/, 'other'),
      /^The database \S+ has no such database: name one that exists in DATABASE_URL, or create it \(3D000\)\.$/,
    ],
    [
      'TLS to a server without',
      (url) => `${url}?sslmode=verify-full`,
      /^The database \S+ speaks no TLS: turn it on there, or set sslmode=disable in the URL\.$/,
    ],
    [
      'an unknown host',
      (url) => url.replace(/127\.0\.0\.1:\d+/, 'no-such-host.invalid'),
      /is not known by that name: check the host|cannot be looked up now|^opened$/,
    ],
    [
      'no schema',
      (url) => url,
      /^The database \S+ lacks migration 0001_snapshots, 0002_windows, 0003_positions: run npm run database -- migrate\.$/,
    ],
    [
      'no URL',
      () => 'postgres:/x',
      /^DATABASE_URL is \*\*\*\*, but takes postgres:\/\/user:password@host:5432\/database/,
    ],
  ])('%s', async (_, change, said) => {
    expect(await refusalOf(change)).toMatch(said);
  });
});

describe('a schema', () => {
  test('that is missing stops nobody for good: once it is migrated, writes go on', async () => {
    await onPrimary(servers.local.environment(), migrate);
    const database = await servers.open();
    await asAdministrator(servers.local, 1, 'delete from pgmigrations');
    await servers.local.stopServer(1);
    await servers.local.startServer(1); // it is looked at anew
    await expect(untilNot(database, /closed the connection|starting up|takes no connections/)).rejects.toThrow(
      /There is no primary to write to\. The database \S+ lacks migration 0001_snapshots, 0002_windows, 0003_positions: run npm run database -- migrate/,
    );
    await asAdministrator(
      servers.local,
      1,
      "insert into pgmigrations (name, run_on) values ('0001_snapshots', now()), ('0002_windows', now()), ('0003_positions', now())",
    );
    await database.write((session) => session.query(insert(1)), { signal: never });
  });

  test('that is newer than the code is refused, by the code and by migrate', async () => {
    await asAdministrator(servers.local, 1, "insert into pgmigrations (name, run_on) values ('9999_later', now())");
    const said =
      /^The database \S+ has a newer schema than this code knows \(9999_later\): deploy the version that came with it\./;
    expect(await refusalOf((url) => url)).toMatch(said);
    await expect(onPrimary(servers.local.environment(), migrate)).rejects.toThrow(said);
    await asAdministrator(servers.local, 1, "delete from pgmigrations where name = '9999_later'");
    expect(await refusalOf((url) => url)).toBe('opened');
  });

  test('is changed by its owner alone, which others are told, and not while it is read-only', async () => {
    const days = { ahead: 400, keep: undefined };
    const env = servers.local.environment();
    await asAdministrator(servers.local, 1, `create role "some""body" login password 'a@b/c#d?e'`);
    const [user, password] = ['some"body', 'a@b/c#d?e'].map(encodeURIComponent);
    const other = { DATABASE_URL: env.DATABASE_URL.replace(/\/\/[^@]+@/, `//${user}:${password}@`) };
    const owner = /To do: run this as the owner of the tables, or of the database\.$/;
    await expect(onPrimary(other, migrate)).rejects.toThrow(owner);
    await asAdministrator(servers.local, 1, 'grant select on pgmigrations to "some""body"');
    await expect(onPrimary(other, migrate)).rejects.toThrow(owner);
    await expect(onPrimary(other, (connection) => arrangeDays(connection, days))).rejects.toThrow(owner);
    await onPrimary(env, async (connection) => {
      await connection.client.query('set default_transaction_read_only = on');
      await expect(arrangeDays(connection, days)).rejects.toThrow(
        /To do: turn default_transaction_read_only off there/,
      );
    });
  });
});

type Opened = Awaited<ReturnType<TestDatabase['open']>>;

/** Writes until it fails for another reason than this. */
async function untilNot(database: Opened, passing: RegExp): Promise<void> {
  for (;;) {
    try {
      await database.write((session) => session.query(insert(1)), { signal: never });
      return;
    } catch (error) {
      if (!passing.test(messageOf(error))) throw error;
    }
  }
}

describe('a server', () => {
  test('whose primary is read-only is named so, and written to when it is not any more', async () => {
    const database = await servers.open();
    await asAdministrator(servers.local, 1, 'alter system set default_transaction_read_only = on');
    await asAdministrator(servers.local, 1, 'select pg_reload_conf()');
    await expect(untilNot(database, /^$/)).rejects.toThrow(/is read-only/);
    await expect(database.write((s) => s.query(insert(2)), { signal: never })).rejects.toThrow(
      /is read-only: it is the primary, and default_transaction_read_only is on there; turn it off/,
    );
    await asAdministrator(servers.local, 1, 'alter system reset default_transaction_read_only');
    await asAdministrator(servers.local, 1, 'select pg_reload_conf()');
    await expect
      .poll(() => database.write((s) => s.query(insert(2)), { signal: never }).then(() => 'written', messageOf))
      .toBe('written');
  });

  test('whose database is read-only for new sessions is written to again over new ones', async () => {
    // What stands in the settings of a database or a user is read at the login: a session keeps what it has found.
    const database = await servers.open();
    await asAdministrator(servers.local, 1, 'alter database hft set default_transaction_read_only = on');
    await asAdministrator(
      servers.local,
      1,
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename = 'hft'",
    );
    const write = () => database.write((s) => s.query(insert(3)), { signal: never }).then(() => 'written', messageOf);
    expect(await write()).toMatch(/is read-only: it is the primary/);
    await asAdministrator(
      servers.local,
      1,
      'begin read write; alter database hft reset default_transaction_read_only; commit',
    );
    await expect.poll(write, { timeout: 5_000 }).toBe('written');
  });

  test('whose pool has a read-only session drops it', async () => {
    const database = await servers.open({ DATABASE_POOL_SIZE: '1' });
    await database.write(async () => undefined, { signal: never });
    const set = 'set default_transaction_read_only = on';
    await database.read((s) => s.query({ text: set }), { signal: never, maxLagMs: 0 });
    const write = () => database.write((s) => s.query(insert(4)), { signal: never }).then(() => 'written', messageOf);
    expect(await write()).toMatch(/is read-only: .* \(25006\)/);
    expect(await write()).toBe('written');
  });

  test('that has no connection left is waited for', async () => {
    const database = await servers.open({ DATABASE_POOL_SIZE: '20' });
    const release = Promise.withResolvers<void>();
    const calls = Array.from({ length: 12 }, () => database.write(() => release.promise, { signal: never }));
    const first = await Promise.race(calls.map((call) => call.catch((error: unknown) => error)));
    expect(first).toBeInstanceOf(DependencyDownError);
    expect(messageOf(first)).toMatch(/has no connection left: lower DATABASE_POOL_SIZE .* \(53300\)/);
    release.resolve();
    await Promise.allSettled(calls);
    await database.write(async () => undefined, { signal: never });
    await database.close();
  });

  test('is no longer needed once it is closed: a use says so', async () => {
    const database = await servers.open();
    await database.close();
    await expect(database.write(async () => undefined, { signal: never })).rejects.toThrow('are closed');
  });
});

describe('TLS', () => {
  const pem = (name: string): string => fileURLToPath(new URL(`../fixtures/database/${name}`, import.meta.url));
  const byName = (url: string): string => url.replace('127.0.0.1', 'localhost');

  beforeAll(async () => {
    const state = readState(servers.local.dir);
    if (!state) throw new Error('no databases');
    const { data } = serverFiles(state.home, 1);
    for (const name of ['server-key.pem', 'server.pem']) {
      writeFileSync(`${data}/${name}`, readFileSync(pem(name)), { mode: 0o600 });
      const account = serverAccount();
      if (account) chownSync(`${data}/${name}`, account.uid, account.gid);
    }
    const settings = { ssl_key_file: 'server-key.pem', ssl_cert_file: 'server.pem', ssl: 'on' };
    for (const [name, value] of Object.entries(settings)) {
      await asAdministrator(servers.local, 1, `alter system set ${name} = '${value}'`);
    }
    await asAdministrator(servers.local, 1, 'select pg_reload_conf()');
    await vi.waitUntil(async () => (await refusalOf((url) => `${url}?sslmode=require`)) === 'opened');
  });

  test.each<[what: string, change: (url: string) => string, said: RegExp]>([
    [
      'a certificate of a trusted authority and its name',
      (url) => `${byName(url)}?sslmode=verify-full&sslrootcert=${pem('server.pem')}`,
      /^opened$/,
    ],
    [
      'an authority that is not trusted',
      (url) => `${byName(url)}?sslmode=verify-full`,
      /shows a certificate of an authority that is not trusted: name it with sslrootcert/,
    ],
    [
      'another name',
      (url) => `${url}?sslmode=verify-full&sslrootcert=${pem('server.pem')}`,
      /shows a certificate of another name: use that name, or sslmode=verify-ca/,
    ],
    [
      'another name, which verify-ca does not look at',
      (url) => `${url}?sslmode=verify-ca&sslrootcert=${pem('server.pem')}`,
      /^opened$/,
    ],
    [
      'an authority whose file is not there',
      (url) => `${url}?sslmode=verify-ca&sslrootcert=/no/such.pem`,
      /^sslrootcert of \S+ is '\/no\/such\.pem', which cannot be read: name a PEM file that exists\.$/,
    ],
  ])('%s', async (_, change, said) => {
    expect(await refusalOf(change)).toMatch(said);
  });

  test('does not stand in the way of giving up a statement on abort', async () => {
    const { DATABASE_URL } = servers.local.environment();
    const database = await servers.open({ DATABASE_URL: `${DATABASE_URL}?sslmode=require`, DATABASE_REPLICA_URLS: '' });
    const over = new AbortController();
    const sleeping = database.write((session) => session.query({ text: 'select pg_sleep(30)' }), {
      signal: over.signal,
    });
    sleeping.catch(() => undefined);
    const text = `select (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as tls, (select count(*)
      from pg_stat_activity where query like 'select pg_sleep%' and state = 'active') as n`;
    const look = async () =>
      (await database.read((s) => s.query<{ tls: boolean; n: number }>({ text }), { signal: never, maxLagMs: 0 }))
        .rows[0];
    await expect.poll(look).toEqual({ tls: true, n: 1 });
    over.abort(new Error('the deadline'));
    await expect(sleeping).rejects.toThrow('the deadline');
    await expect.poll(look).toEqual({ tls: true, n: 0 });
  });
});
