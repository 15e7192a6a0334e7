import type { Submittable } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openConnection } from '../../functions/database/connection.ts';
import { QueryError } from '../../functions/database/errors.ts';
import { openDatabase } from '../../functions/database/open.ts';
import type { Database, Session } from '../../functions/database/port.ts';
import { parseUrl, type Server } from '../../functions/database/servers.ts';
import { DependencyDownError, messageOf } from '../../functions/runtime/errors.ts';
import { asAdministrator, never, startTestDatabase, type TestDatabase } from '../support/database.ts';
import { serveSecret } from '../support/secret-service.ts';

let servers: TestDatabase;
let database: Database;

beforeAll(async () => {
  servers = await startTestDatabase();
  database = await servers.open({ DATABASE_POOL_SIZE: '2', DATABASE_CONNECT_TIMEOUT_MS: '500' });
  await database.write((session) => session.query({ text: 'create table items (id int primary key, name text)' }), {
    signal: never,
  });
});

afterAll(() => servers.stop());

const insert = (id: number) => ({ text: 'insert into items (id, name) values ($1, $2)', values: [id, `item ${id}`] });

async function idsOf(from: Database): Promise<number[]> {
  const { rows } = await from.read((s) => s.query<{ id: number }>({ text: 'select id from items order by id' }), {
    signal: never,
    maxLagMs: 0,
  });
  return rows.map(({ id }) => id);
}

const emptied = (): Promise<unknown> =>
  database.write((session) => session.query({ text: 'delete from items' }), { signal: never });

describe('a transaction', () => {
  test('is stored as a whole, or not at all', async () => {
    await emptied();
    await database.write(async (session) => void (await session.query(insert(1))), { signal: never });
    const failing = database.write(
      async (session) => {
        await session.query(insert(2));
        throw new Error('the work failed');
      },
      { signal: never },
    );
    await expect(failing).rejects.toThrow('the work failed');
    expect(await idsOf(database)).toEqual([1]);
  });

  test('tells a bad row, which can be left out by a savepoint', async () => {
    await emptied();
    const left: string[] = [];
    await database.write(
      async (session) => {
        for (const id of [1, 1, 2]) {
          await session.query({ text: 'savepoint one' });
          try {
            await session.query(insert(id));
          } catch (error) {
            if (!(error instanceof QueryError && error.isData)) throw error;
            left.push(`${error.sqlState} ${error.constraint}`);
            await session.query({ text: 'rollback to savepoint one' });
          }
        }
      },
      { signal: never },
    );
    expect(left).toEqual(['23505 items_pkey']);
    expect(await idsOf(database)).toEqual([1, 2]);
  });

  test('never resolves when a failed statement was passed over', async () => {
    await emptied();
    const wrong = async (session: Session): Promise<void> => {
      await session.query(insert(1));
      await session.query(insert(1)).catch(() => undefined);
    };
    await expect(database.write(wrong, { signal: never })).rejects.toMatchObject({ sqlState: '25P02' });
    expect(await idsOf(database)).toEqual([]);
  });

  test('leaves no setting behind on its connection', async () => {
    const timeout = (session: Session) =>
      session.query<{ t: string }>({ text: "select current_setting('statement_timeout') as t" });
    const within = await database.write(timeout, { signal: never });
    expect(within.rows).toEqual([{ t: '10s' }]);
    const after = await database
      .write(
        async (session) => {
          await session.query({ text: 'commit' });
          return await session.query<{ t: string }>({ text: "select current_setting('statement_timeout') as t" });
        },
        { signal: never },
      )
      .catch((error: unknown) => error);
    expect(after).toMatchObject({ rows: [{ t: '0' }] });
  });

  test('reads numbers, days and times as what they are', async () => {
    const text =
      "select 9007199254740991::bigint as b, date '2026-11-26' as d, timestamptz '2026-11-23T10:30:00+05:30' as t, 0.1::float8 as f";
    const { rows } = await database.read((session) => session.query({ text }), { signal: never });
    expect(rows).toEqual([{ b: 9007199254740991, d: '2026-11-26', t: new Date('2026-11-23T05:00:00Z'), f: 0.1 }]);
  });
});

describe('what is written at once', () => {
  const copied = (ids: readonly number[]) => ({
    copy: 'copy items from stdin',
    chunks: ids.map((id) => Buffer.from(`${id}\t${'copied'.repeat(20)}\n`)),
  });

  test('is stored as a whole', async () => {
    await emptied();
    await database.writeAtOnce([insert(1), copied([2, 3]), insert(4)], { signal: never });
    expect(await idsOf(database)).toEqual([1, 2, 3, 4]);
  });

  test('is not stored at all when a step fails, whichever it is, and its connection is as good as before', async () => {
    await emptied();
    const small = await servers.open({ DATABASE_POOL_SIZE: '1' });
    const much = Array.from({ length: 30_000 }, (_, index) => 10 + index);
    const faults: [state: string, steps: Parameters<Database['writeAtOnce']>[0]][] = [
      ['22P02', [{ text: 'select $1::int', values: ['x'] }, copied(much)]],
      ['23505', [insert(1), copied([2, 1]), insert(3)]],
      ['23505', [copied([...much, 10]), insert(3)]],
      ['23505', [insert(1), copied([2]), insert(2)]],
      ['42601', [insert(1), { text: 'commit it' }, copied([2])]],
    ];
    for (const [state, steps] of faults) {
      await expect(small.writeAtOnce(steps, { signal: never })).rejects.toMatchObject({ sqlState: state });
      expect(await idsOf(small)).toEqual([]);
    }
    await small.writeAtOnce([insert(1)], { signal: never });
    expect(await idsOf(small)).toEqual([1]);
    await small.close();
  });

  test('is not stored when the source of its rows fails, which is what is thrown', async () => {
    await emptied();
    function* broken(): Generator<Buffer> {
      yield Buffer.from('2\ttwo\n');
      throw new RangeError('no more rows');
    }
    const steps = [insert(1), { copy: 'copy items from stdin', chunks: broken() }, insert(3)];
    await expect(database.writeAtOnce(steps, { signal: never })).rejects.toThrow(RangeError);
    expect(await idsOf(database)).toEqual([]);
  });

  test('is given up on abort, and waits for locks no longer than any other', async () => {
    await emptied();
    const brief = await servers.open({ DATABASE_LOCK_TIMEOUT_MS: '50' });
    await database.write(
      async (session) => {
        await session.query({ text: 'lock table items' });
        const late = AbortSignal.timeout(30);
        const abandoned = database.writeAtOnce([insert(1)], { signal: late });
        await expect(abandoned).rejects.toMatchObject({ name: 'TimeoutError' });
        await expect(brief.writeAtOnce([insert(2)], { signal: never })).rejects.toThrow(/did not give a lock in time/);
      },
      { signal: never },
    );
    expect(await idsOf(database)).toEqual([]);
    await brief.close();
  });
});

describe('copy', () => {
  const text = 'copy items from stdin';

  test('takes rows in chunks, as many as there are', async () => {
    await emptied();
    function* chunks(): Generator<Buffer> {
      for (let id = 0; id < 50_000; id += 1) yield Buffer.from(`${id}\tname of ${id}\n`);
    }
    expect(await database.write((session) => session.copy(text, chunks()), { signal: never })).toBe(50_000);
    expect((await idsOf(database)).length).toBe(50_000);
  });

  test('stores nothing of a source that fails, and gives its error; of a bad row it says so', async () => {
    await emptied();
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('1\tone\n');
      throw new RangeError('no more rows');
    }
    await expect(database.write((s) => s.copy(text, broken()), { signal: never })).rejects.toThrow(RangeError);
    const bad = database.write((s) => s.copy(text, [Buffer.from('x\tone\n')]), { signal: never });
    await expect(bad).rejects.toMatchObject({ name: 'QueryError', sqlState: '22P02' });
    expect(await idsOf(database)).toEqual([]);
    // The connections are as good as before.
    expect(await database.write((s) => s.copy(text, [Buffer.from('1\tone\n')]), { signal: never })).toBe(1);
  });
});

describe('a limit', () => {
  const sleep = (session: Session) => session.query({ text: 'select pg_sleep(30)' });
  const backends = async (): Promise<number> => {
    const sql = "select count(*) as n from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'";
    const { rows } = await database.read((s) => s.query<{ n: number }>({ text: sql }), { signal: never, maxLagMs: 0 });
    return rows[0]?.n ?? 0;
  };

  test('on abort the server gives up the statement, and the reason is passed on', async () => {
    const controller = new AbortController();
    const reason = new Error('the deadline');
    const call = database.write(sleep, { signal: controller.signal });
    call.catch(() => undefined);
    await expect.poll(backends).toBe(1);
    const { cancelled } = database.metrics();
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect.poll(backends).toBe(0);
    expect(database.metrics().cancelled).toBe(cancelled + 1);
  });

  test('statements and locks have times, whose end means that the database is waited for', async () => {
    const brief = await servers.open({ DATABASE_STATEMENT_TIMEOUT_MS: '150', DATABASE_LOCK_TIMEOUT_MS: '50' });
    await expect(brief.write(sleep, { signal: never })).rejects.toThrow(
      /did not finish in time.*DATABASE_STATEMENT_TIMEOUT_MS/,
    );
    await database.write(
      async (session) => {
        await session.query({ text: 'lock table items' });
        const blocked = brief.write((s) => s.query(insert(99)), { signal: never });
        await expect(blocked).rejects.toThrow(/did not give a lock in time.*DATABASE_LOCK_TIMEOUT_MS/);
      },
      { signal: never },
    );
  });

  test('holds where the server has none: a COPY whose sender says nothing more is ended for who waits for its locks', async () => {
    await emptied();
    await database.write((session) => session.query(insert(1)), { signal: never });
    const [server] = parseUrl(servers.local.environment().DATABASE_URL) ?? [];
    const frozen = await openConnection(server as Server, 3_000);
    await frozen.client.query(
      "begin; set local statement_timeout = 200; update items set name = 'frozen' where id = 1",
    );
    const ended = new Promise((resolve) => {
      const ignore = (): void => undefined;
      const copy = {
        submit: (wire: { query(text: string): void }) => wire.query('copy items from stdin'),
        ...{ handleCopyInResponse: ignore, handleReadyForQuery: ignore, handleError: resolve },
      };
      frozen.client.query(copy as unknown as Submittable);
    });
    const brief = await servers.open({ DATABASE_STATEMENT_TIMEOUT_MS: '500', DATABASE_LOCK_TIMEOUT_MS: '50' });
    const update = { text: "update items set name = 'written' where id = 1" };
    const tries: string[] = [];
    const one = () => brief.writeAtOnce([update], { signal: never }).then(() => 'written', messageOf);
    await expect.poll(async () => tries.push(await one()) && tries.at(-1), { timeout: 10_000 }).toBe('written');
    expect(tries[0]).toMatch(/did not give a lock in time/);
    expect(await ended).toMatchObject({ code: '57P01' });
    await brief.close();
  });

  test('a pool makes no more connections than it may, and who waits too long is told', async () => {
    const release = Promise.withResolvers<void>();
    const hold = () =>
      database.write(
        async (session) => {
          await session.query({ text: 'select 1' });
          await release.promise;
        },
        { signal: never },
      );
    const holding = [hold(), hold()];
    const waiting = [hold(), hold(), hold()];
    const failures = await Promise.all(
      waiting.map((call) =>
        call.then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
    for (const error of failures) expect(error).toBeInstanceOf(DependencyDownError);
    expect(String(failures[0])).toMatch(/All 2 connections to the database 127\.0\.0\.1:\d+ were busy for 500 ms/);
    const mine =
      "select count(*) as n from pg_stat_activity where application_name = 'hft-engine' and query <> '' and usename = 'hft'";
    release.resolve();
    await Promise.all(holding);
    const { rows } = await database.read((s) => s.query<{ n: number }>({ text: mine }), { signal: never, maxLagMs: 0 });
    expect(rows[0]?.n).toBeLessThanOrEqual(2 + 1 + 2); // the pool, its lookout, and those of the other manager
    expect(database.metrics().waiting).toBe(0);
  });

  test.each([
    ['a container', {}, 4],
    ['a function', { AWS_LAMBDA_FUNCTION_NAME: 'storage' }, 2],
  ])('the pool of %s has the size that is right for it', async (_, env, size) => {
    const sized = await servers.open({ ...env, DATABASE_CONNECT_TIMEOUT_MS: '3000' });
    const release = Promise.withResolvers<void>();
    const calls = Array.from({ length: 6 }, () => sized.write(() => release.promise, { signal: never }));
    await expect.poll(() => sized.metrics()).toMatchObject({ connections: size, waiting: 6 - size });
    release.resolve();
    await Promise.all(calls);
    await sized.close();
  });

  test('a wait for a connection ends with the signal', async () => {
    const release = Promise.withResolvers<void>();
    const holding = [1, 2].map(() => database.write(() => release.promise, { signal: never }));
    const call = database.write(async () => undefined, { signal: AbortSignal.timeout(20) });
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
    release.resolve();
    await Promise.all(holding);
  });
});

test('a password that is changed at the database and in the secret is used by the next connections, with no restart', async () => {
  const { local } = servers;
  await asAdministrator(local, 1, "create role rotated login password 'first' in role hft");
  const as = (password: string) => ({
    DATABASE_URL: local.environment().DATABASE_URL.replace(/\/\/[^@]+@/, `//rotated:${password}@`),
  });
  const secret = await serveSecret(as('first'));
  const opened = await openDatabase(secret.env);
  try {
    const works = () => opened.write((session) => session.query({ text: 'select 1' }), { signal: never });
    await works();

    secret.change(as('second'));
    await asAdministrator(local, 1, "alter role rotated password 'second'");
    await asAdministrator(local, 1, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rotated'");

    await expect(works()).rejects.toThrow(DependencyDownError);
    await vi.waitFor(works, { timeout: 20_000, interval: 200 });
  } finally {
    await opened.close();
    await secret.close();
  }
});
