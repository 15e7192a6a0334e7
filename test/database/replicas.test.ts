import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database, Session } from '../../functions/database/port.ts';
import { DependencyDownError } from '../../functions/runtime/errors.ts';
import { asAdministrator, never, startAlone, startTestDatabase, type TestDatabase } from '../support/database.ts';

// One after the other on the same pair: each leaves it whole.
let servers: TestDatabase;
let database: Database;

const create = 'create table marks (id int primary key)';
const add = (id: number) => ({ text: 'insert into marks values ($1) on conflict do nothing', values: [id] });

beforeAll(async () => {
  servers = await startTestDatabase();
  database = await servers.open({ DATABASE_CONNECT_TIMEOUT_MS: '1000', DATABASE_STATEMENT_TIMEOUT_MS: '2000' });
  await database.write((session) => session.query({ text: create }), { signal: never });
});

afterAll(() => servers.stop());

const where = async (session: Session): Promise<string> => {
  const { rows } = await session.query<{ r: boolean }>({ text: 'select pg_is_in_recovery() as r' });
  return rows[0]?.r ? 'replica' : 'primary';
};
const count = async (session: Session): Promise<number> => {
  const { rows } = await session.query<{ n: number }>({ text: 'select count(*) as n from marks' });
  return rows[0]?.n ?? -1;
};
const write = (id: number): Promise<unknown> => database.write((session) => session.query(add(id)), { signal: never });
const primaryId = async (): Promise<number> =>
  (await servers.local.status()).servers.find(({ role }) => role === 'primary')?.id ?? 0;

/** Writes again and again, as the runtime does while a database is down, until it succeeds. */
async function writeUntilDone(id: number): Promise<string[]> {
  const failures: string[] = [];
  const until = Date.now() + 30_000;
  for (;;) {
    try {
      await write(id);
      return failures;
    } catch (error) {
      expect(error).toBeInstanceOf(DependencyDownError);
      if (Date.now() > until) throw error;
      failures.push(String(error));
    }
  }
}

describe('reads', () => {
  test('go to the replica, and to the primary when nothing may be behind', async () => {
    expect(await database.read(where, { signal: never })).toBe('replica');
    expect(await database.read(where, { signal: never, maxLagMs: 0 })).toBe('primary');
    await expect(database.read((session) => session.query(add(1)), { signal: never, maxLagMs: 0 })).rejects.toThrow(
      DependencyDownError,
    );
  });

  test('see what was written before, when they say after what: on the replica once it is there, else on the primary', async () => {
    for (let id = 1; id <= 20; id += 1) {
      await write(id);
      const afterLsn = await database.position({ signal: never });
      expect(await database.read(count, { signal: never, afterLsn })).toBe(id);
    }
    const far = await database.read(where, { signal: never, afterLsn: 'FF/0' });
    expect(far).toBe('primary');
    await expect.poll(() => database.read(where, { signal: never })).toBe('replica');
  });

  test('leave a replica that does not replay, once it is further behind than they may be', async () => {
    await replay('pause');
    await write(21);
    await expect.poll(() => database.read(where, { signal: never, maxLagMs: 300 })).toBe('primary');
    expect(await database.read(count, { signal: never, maxLagMs: 300 })).toBe(21);
    expect(await database.read(count, { signal: never, maxLagMs: 3_600_000 })).toBe(20);
    await replay('resume');
    await expect.poll(() => database.read(where, { signal: never, maxLagMs: 300 })).toBe('replica');
  });

  test('go on at the primary when the replica hangs, also one that was under way', async () => {
    const replica = 3 - (await primaryId());
    const started = Promise.withResolvers<void>();
    let calls = 0;
    // With a limit that would not end within this test: it is the looks that tell.
    const patient = await servers.open({
      DATABASE_STATEMENT_TIMEOUT_MS: '600000',
      DATABASE_CONNECT_TIMEOUT_MS: '1000',
    });
    const underWay = patient.read(
      async (session) => {
        calls += 1;
        if (calls === 1) {
          started.resolve();
          await session.query({ text: 'select pg_sleep(1.5)' });
        }
        return await where(session);
      },
      { signal: never },
    );
    await started.promise;
    await servers.local.pause(replica);
    expect(await underWay).toBe('primary');
    expect(calls).toBe(2);
    expect(await database.read(where, { signal: never })).toBe('primary');
    expect(database.health().servers.find(({ role }) => role === 'unreachable')?.problem).toMatch(
      /^The database 127\.0\.0\.1:\d+ does not answer within 1000 ms: it hangs/,
    );
    await servers.local.resume(replica);
    await expect.poll(() => database.read(where, { signal: never })).toBe('replica');
  });
});

/** Stops the replica from replaying what it receives, and lets it go on. */
async function replay(what: 'pause' | 'resume'): Promise<void> {
  await asAdministrator(servers.local, 3 - (await primaryId()), `select pg_wal_replay_${what}()`);
}

describe('the primary', () => {
  test('that is stopped is waited for, and written to again when it is back', async () => {
    const primary = await primaryId();
    await servers.local.stopServer(primary);
    await expect(write(30)).rejects.toThrow(
      /^There is no primary to write to\. .*takes no connections.*is a replica\.$/,
    );
    expect(database.health()).toMatchObject({ writable: false });
    const done = writeUntilDone(30);
    await servers.local.startServer(primary);
    await done;
    expect(database.health()).toMatchObject({ writable: true });
  });

  test('that is killed in the middle leaves the outcome to who tries again', async () => {
    const primary = await primaryId();
    const killed = database.write(
      async (session) => {
        await session.query(add(31));
        await servers.local.kill(primary);
        await session.query(add(32));
      },
      { signal: never },
    );
    await expect(killed).rejects.toThrow(DependencyDownError);
    const done = writeUntilDone(31);
    await servers.local.startServer(primary);
    await done;
    expect(await database.read(count, { signal: never, maxLagMs: 0 })).toBe(23);
  });

  test('that hangs fails in time, and goes on', async () => {
    const primary = await primaryId();
    await servers.local.pause(primary);
    const failures = writeUntilDone(33);
    await expect(write(34)).rejects.toThrow(/said nothing for 3000 ms|does not answer/);
    await servers.local.resume(primary);
    await failures;
  });

  test('is found again after a failover, with all that was written', async () => {
    await write(40);
    const before = await database.read(count, { signal: never, maxLagMs: 0 });
    const stale = await servers.open({ DATABASE_POOL_SIZE: '1' });
    await servers.local.failover();
    await writeUntilDone(41);
    expect(await database.read(count, { signal: never, maxLagMs: 0 })).toBe(before + 1);
    expect(database.metrics()).toMatchObject({ failovers: 1 });
    await expect.poll(() => database.read(where, { signal: never })).toBe('replica');
    // One who has not heard of it is refused by the replica, and has done nothing: it goes where the primary is, unnoticed.
    await stale.writeAtOnce([add(42)], { signal: never });
    expect(await database.read(count, { signal: never, maxLagMs: 0 })).toBe(before + 2);
    expect(database.health().servers.map(({ role }) => role)).toEqual(['replica', 'primary']);
  });

  test('is the one that was promoted last, when an old one comes back beside it', async () => {
    const old = await primaryId();
    await servers.local.failover({ kill: true, leave: true });
    await writeUntilDone(50);
    await startAlone(servers.local, old);
    const fresh = await servers.open();
    await fresh.write((session) => session.query(add(51)), { signal: never });
    expect(
      await database.read(async (s) => (await s.query({ text: 'select id from marks where id = 51' })).rowCount, {
        signal: never,
        maxLagMs: 0,
      }),
    ).toBe(1);
    await servers.local.kill(old);
    await servers.local.startServer(old);
  });
});
