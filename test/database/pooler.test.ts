import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database, Session } from '../../functions/database/port.ts';
import { createContext, createRecord } from '../../functions/runtime/testing.ts';
import { createStorage, storage } from '../../functions/storage/definition.ts';
import { readState, serverFiles } from '../../infra/database/layout.ts';
import { asAdministrator, never, startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Pooler, startPooler } from '../support/pooler.ts';
import { createSnapshots, type EnrichedSample } from '../support/snapshots.ts';
import { differences, readStored } from '../support/stored.ts';

// A pooler that gives each transaction the next of its connections: what is left behind on one is another's.

const backends = 3;
let servers: TestDatabase;
let pooler: Pooler;
let database: Database;
const next = createSnapshots({ contracts: 20 });

beforeAll(async () => {
  servers = await startTestDatabase();
  const state = readState(servers.local.dir);
  if (!state) throw new Error('no databases');
  writeFileSync(`${serverFiles(state.home, 1).data}/pg_hba.conf`, 'host all all 127.0.0.1/32 trust\n');
  await asAdministrator(servers.local, 1, 'select pg_reload_conf()');
});

beforeEach(async () => {
  const state = readState(servers.local.dir);
  pooler = await startPooler({ port: state?.ports[1] ?? 0, user: 'hft', database: 'hft' }, backends);
  database = await servers.open({
    DATABASE_URL: `postgres://hft@127.0.0.1:${pooler.port}/hft`,
    DATABASE_REPLICA_URLS: '',
  });
  return () => pooler.close();
});

afterAll(() => servers.stop());

const recordsOf = (list: readonly EnrichedSample[], from: number) =>
  list.map(({ key, value }, index) =>
    createRecord({ topic: 'market.enriched', partition: 3, offset: from + index, key, value }),
  );

test('storage stores through it, and of a batch waits for one answer', async () => {
  const context = createContext({ resources: createStorage(database, {}), assignment: { confirmedAtMs: Date.now() } });
  const list = Array.from({ length: 50 }, next);
  await storage.handleBatch(recordsOf(list.slice(0, 10), 0), context);
  const before = pooler.exchanges.length;
  for (let at = 10; at < 50; at += 10) await storage.handleBatch(recordsOf(list.slice(at, at + 10), at), context);
  expect(pooler.exchanges.slice(before)).toEqual([1, 1, 1, 1]);
  expect(
    differences(
      await readStored(database),
      list.map(({ json }) => json),
    ),
  ).toEqual([]);
});

test('nothing that a transaction has set is there for the next one on its connection', async () => {
  const text = `select current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') || ' ' ||
    current_setting('idle_in_transaction_session_timeout') || ' ' || current_setting('transaction_read_only') || ' ' ||
    (select count(*) from pg_prepared_statements) || ' ' || (select count(*) from pg_listening_channels()) as left`;
  const look = (session: Session) => session.query<{ left: string }>({ text });
  const fails = database.writeAtOnce([{ text: 'select 1 / $1::int', values: [0] }], { signal: never });
  await expect(fails).rejects.toMatchObject({ sqlState: '22012' });
  await database.writeAtOnce([{ text: 'select pg_sleep(0)' }], { signal: never });
  const within: string[] = [];
  const once = { signal: never };
  for (let index = 0; index < 2 * backends; index += 1) {
    const { rows } = await (index % 2 === 0
      ? database.write(look, once)
      : database.read(look, { ...once, maxLagMs: 0 }));
    within.push(rows[0]?.left ?? '');
  }
  expect(new Set(within)).toEqual(new Set(['10s 3s 20s on 0 0', '10s 3s 20s off 0 0']));
  expect(pooler.transactions.every((count) => count > 1)).toBe(true);
  for (let index = 0; index < backends; index += 1) expect(await outside(text)).toBe('0 0 0 off 0 0');
});

test('on abort the server gives up, whoever the pooler had given the transaction to', async () => {
  const over = new AbortController();
  const sleep = { text: 'select pg_sleep(30)' };
  const work = database.write((session) => session.query(sleep), { signal: over.signal });
  work.catch(() => undefined);
  const sleeping = async () => {
    const text =
      "select count(*) as left from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'";
    return await outside(text);
  };
  await expect.poll(sleeping).toBe('1');
  over.abort(new Error('the deadline'));
  await expect(work).rejects.toThrow('the deadline');
  await expect.poll(sleeping).toBe('0');
});

/** What a connection says that begins no transaction of ours. */
async function outside(text: string): Promise<string> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ host: '127.0.0.1', port: pooler.port, user: 'hft', database: 'hft' });
  await client.connect();
  const { rows } = await client.query(text);
  await client.end();
  return rows[0].left;
}
