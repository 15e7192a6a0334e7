import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { analytics, createAnalytics } from '../../functions/analytics/definition.ts';
import type { Database } from '../../functions/database/port.ts';
import type { Assignment, BatchResult, InboundRecord } from '../../functions/runtime/contract.ts';
import { messageOf } from '../../functions/runtime/errors.ts';
import { createContext, createRecord } from '../../functions/runtime/testing.ts';
import { createStorage, type Storage, storage } from '../../functions/storage/definition.ts';
import { databasePools, lookoutConnections } from '../../infra/scaling.ts';
import { onPrimary } from '../../scripts/database/on-primary.ts';
import { asAdministrator, never, startTestDatabase, type TestDatabase } from '../support/database.ts';
import { createSnapshots, type EnrichedSample } from '../support/snapshots.ts';
import { differences, readStored } from '../support/stored.ts';

let servers: TestDatabase;
let database: Database;
let resources: Storage;
/** One market for all tests: no two samples have a key and a time in common. */
const next = createSnapshots({ contracts: 20 });

beforeAll(async () => {
  servers = await startTestDatabase();
  database = await servers.open();
});

afterAll(() => servers.stop());

beforeEach(async () => {
  resources = createStorage(database, {});
  await database.write(
    (session) => session.query({ text: 'truncate snapshots, snapshot_options, partition_positions' }),
    {
      signal: never,
    },
  );
});

const samples = (count: number): EnrichedSample[] => Array.from({ length: count }, next);

function recordOf({ key, value }: { key: Buffer; value: Buffer }, offset: number, source = offset): InboundRecord {
  const headers = { source: Buffer.from(`market.raw/3/${source}`) };
  return createRecord({ topic: 'market.enriched', partition: 3, offset, key, value, headers });
}

const sourceText = (partition: number, { offset }: InboundRecord): Buffer =>
  Buffer.from(`market.raw/${partition}/${offset}`);

const recordsOf = (list: readonly EnrichedSample[], from = 0): InboundRecord[] =>
  list.map((sample, index) => recordOf(sample, from + index));

/** An assignment whose hold was confirmed so long ago, or is at any later moment. */
function holding(confirmedAtMs = Date.now()): { confirmedAtMs: number } & Assignment {
  return { confirmedAtMs };
}

async function handle(
  records: readonly InboundRecord[],
  assignment: Assignment = holding(),
  by: Storage = resources,
): Promise<readonly BatchResult[]> {
  return await storage.handleBatch(records, createContext({ resources: by, assignment }));
}

async function expectStored(list: readonly EnrichedSample[]): Promise<void> {
  expect(
    differences(
      await readStored(database),
      list.map(({ json }) => json),
    ),
  ).toEqual([]);
}

async function position(): Promise<unknown> {
  const text = 'select partition, next_offset, epoch from partition_positions';
  const { rows } = await database.read((session) => session.query({ text }), { signal: never, maxLagMs: 0 });
  return rows;
}

describe('a batch', () => {
  test('is stored with every bit that the processor wrote, and the position behind it', async () => {
    const list = samples(300);
    expect(await handle(recordsOf(list))).toEqual(list.map(() => undefined));
    await expectStored(list);
    expect(await position()).toEqual([{ partition: 3, next_offset: 300, epoch: 1 }]);
  });

  test('of several transactions, and batches after it, move the position on under one claim', async () => {
    const list = samples(90);
    const assignment = holding();
    await handle(recordsOf(list.slice(0, 50)), assignment);
    await handle(recordsOf(list.slice(50), 50), assignment);
    await expectStored(list);
    expect(await position()).toEqual([{ partition: 3, next_offset: 90, epoch: 1 }]);
  });

  test('with a chain of no options, nulls and a time in milliseconds', async () => {
    const [one] = samples(1);
    const json = { ...one?.json, timestamp: 1_764_134_123_456, options: [] };
    const value = Buffer.from(JSON.stringify(json));
    await handle([recordOf({ key: Buffer.from('1'), value }, 0)]);
    expect(differences(await readStored(database), [json as EnrichedSample['json']])).toEqual([]);
  });
});

describe('redelivery', () => {
  test('writes nothing twice, whole or overlapping, by a new owner or the same', async () => {
    const list = samples(60);
    const assignment = holding();
    await handle(recordsOf(list.slice(0, 40)), assignment);
    await handle(recordsOf(list.slice(0, 40)), assignment);
    await expectStored(list.slice(0, 40));
    await handle(recordsOf(list.slice(20), 20));
    await expectStored(list);
    expect(await position()).toEqual([{ partition: 3, next_offset: 60, epoch: 2 }]);
  });

  test('of a part leaves the position where it was', async () => {
    const list = samples(20);
    await handle(recordsOf(list));
    await handle(recordsOf(list.slice(0, 10)));
    expect(await position()).toEqual([{ partition: 3, next_offset: 20, epoch: 2 }]);
  });

  test('of a topic that was made anew is no redelivery: its offsets begin again', async () => {
    const list = samples(20);
    await handle(recordsOf(list.slice(0, 10), 1_000));
    await handle(recordsOf(list.slice(10), 0));
    await expectStored(list);
    expect(await position()).toEqual([{ partition: 3, next_offset: 10, epoch: 2 }]);
  });
});

describe('a duplicate', () => {
  /** The same key and time with another value. */
  function changed(sample: EnrichedSample, spot: number): EnrichedSample {
    const json = {
      ...sample.json,
      context: { ...sample.json.context, spot_price: spot },
      options: sample.json.options.slice(1),
    };
    return { key: sample.key, json, value: Buffer.from(JSON.stringify(json)) };
  }

  test('that is late never overwrites newer data; one that is newer takes its place, options and all', async () => {
    const [first, other] = samples(2) as [EnrichedSample, EnrichedSample];
    const second = changed(first, 2);
    const assignment = holding();
    await handle([recordOf(first, 0, 10), recordOf(other, 1, 11)], assignment);
    await handle([recordOf(second, 2, 12)], assignment);
    await expectStored([second, other]);
    await handle([recordOf(first, 3, 10)], assignment);
    await handle([recordOf(first, 4, 10)]);
    await expectStored([second, other]);
  });

  test('that comes by another partition, as after a change of their count, is found and left as it is', async () => {
    const list = samples(20);
    const assignment = holding();
    await handle(recordsOf(list.slice(0, 10)), assignment);
    await handle(recordsOf(list.slice(12, 14)).map((record) => ({ ...record, partition: 4 })));
    const results = await handle(recordsOf(list.slice(10), 10), assignment);
    expect(results).toEqual(results.map(() => undefined));
    await expectStored(list);
  });

  test('within a batch counts once: the one whose source is the last', async () => {
    const [first, other] = samples(2) as [EnrichedSample, EnrichedSample];
    const second = changed(first, 3);
    await handle([recordOf(second, 0, 12), recordOf(other, 1, 5), recordOf(first, 2, 11)]);
    await expectStored([second, other]);
  });
});

describe('a record that cannot be stored', () => {
  test('is its own result, and the others go in: bad input, and a row that the database refuses', async () => {
    const list = samples(40);
    const records = recordsOf(list);
    const bad = { ...list[7]?.json, analyses: { ...list[7]?.json.analyses, gex: { net: 'x' } } };
    // Sound JSON and a sound symbol, but no text that PostgreSQL could hold.
    const refused = { ...list[30]?.json, symbol: 'A\u0000B' };
    records[7] = recordOf({ key: Buffer.from('1'), value: Buffer.from(JSON.stringify(bad)) }, 7);
    records[30] = recordOf({ key: Buffer.from('1'), value: Buffer.from(JSON.stringify(refused)) }, 30);
    const assignment = holding();
    const results = await handle(records, assignment);
    expect(results[7]).toMatchObject({
      code: 'CONTRACT_VIOLATED',
      message: 'analyses.gex.net: expected a number or null, got "x"',
    });
    expect(results[30]).toMatchObject({ name: 'QueryError', code: 'HANDLER_FAILED', sqlState: '22021' });
    expect(results.filter((result) => result !== undefined)).toHaveLength(2);
    await expectStored(list.filter((_, index) => index !== 7 && index !== 30));
    // Delivered again, for the dead letters may not have been written: the same two.
    const again = await handle(records);
    expect(again.map((result) => result instanceof Error)).toEqual(results.map((result) => result instanceof Error));
  });
});

describe('the position', () => {
  const bad = (offset: number): InboundRecord =>
    recordOf({ key: Buffer.from('1'), value: Buffer.from('no JSON') }, offset);
  const refused = ({ key, json }: EnrichedSample, offset: number): InboundRecord =>
    recordOf({ key, value: Buffer.from(JSON.stringify({ ...json, symbol: 'A\u0000B' })) }, offset);

  test('passes what is stored nowhere, wherever batches are cut: what waits for it would wait for ever', async () => {
    const [first, second, third] = samples(3) as [EnrichedSample, EnrichedSample, EnrichedSample];
    const assignment = holding();
    await handle([bad(0), bad(1)], assignment);
    expect(await position()).toEqual([{ partition: 3, next_offset: 2, epoch: 1 }]);
    await handle([recordOf(first, 2), bad(3)], assignment);
    await handle([refused(second, 4)], assignment);
    expect(await position()).toEqual([{ partition: 3, next_offset: 5, epoch: 1 }]);
    await handle([bad(5), recordOf(third, 6), refused(second, 7)], assignment);
    expect(await position()).toEqual([{ partition: 3, next_offset: 8, epoch: 1 }]);
    await expectStored([first, third]);
  });

  test('goes back for none of them when they are delivered again', async () => {
    const list = samples(4);
    await handle([...recordsOf(list.slice(0, 3)), bad(3), recordOf(list[3] as EnrichedSample, 4)]);
    await handle([bad(3)]);
    await handle([bad(3), refused(list[0] as EnrichedSample, 4)]);
    expect(await position()).toMatchObject([{ next_offset: 5 }]);
  });
});

describe('a database that takes nothing for a while', () => {
  const administer = (sql: string): Promise<void> => asAdministrator(servers.local, 1, sql);

  /** As a full disk shows itself: where the rows are written. The trigger is the only thing that is not real. */
  const fullDisk = {
    begin: () =>
      administer(`create function full_disk() returns trigger language plpgsql as $$
          begin
            raise exception 'could not extend file "base/16385/16723": No space left on device' using errcode = '53100';
          end $$;
        create trigger full_disk before insert on snapshot_options for each row execute function full_disk()`),
    end: () => administer('drop function full_disk() cascade'),
  };
  const readOnly = {
    begin: () => administer('alter role hft set default_transaction_read_only = on'),
    end: () => administer('alter role hft reset default_transaction_read_only'),
  };

  test.each([
    [fullDisk, /^The database \S+ has no room on its disk: free some, or drop old days with .* \(53100\)$/],
    [
      readOnly,
      /^There is no primary to write to\. The database \S+ is read-only: it is the primary, and default_transaction_read_only is on there; turn it off\./,
    ],
  ])('is waited for, and then has each snapshot once: %#', async (trouble, said) => {
    const list = samples(30);
    const assignment = holding();
    await handle(recordsOf(list.slice(0, 10)), assignment);
    await trouble.begin();
    // Connections that are open keep the setting with which they began: they are closed as a pooler or a failover would.
    const end = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'hft'";
    await administer(end);
    let last: unknown;
    for (const to of [20, 20, 30]) {
      last = await handle(recordsOf(list.slice(10, to), 10), assignment).catch((error: unknown) => error);
      expect(last).toMatchObject({ code: 'DEPENDENCY_DOWN' });
    }
    expect(messageOf(last)).toMatch(said);
    await trouble.end();
    await administer(end);
    const done = () => handle(recordsOf(list.slice(10), 10), assignment).then(() => 'stored', messageOf);
    await expect.poll(done, { timeout: 10_000 }).toBe('stored');
    await expectStored(list);
    expect(await position()).toEqual([{ partition: 3, next_offset: 30, epoch: 1 }]);
  });
});

describe('an owner', () => {
  test('that has lost its partition is refused, and writes nothing', async () => {
    const list = samples(30);
    const old = holding();
    await handle(recordsOf(list.slice(0, 10)), old);
    const owner = createStorage(database, {});
    await handle(recordsOf(list.slice(10, 20), 10), holding(), owner);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(handle(recordsOf(list.slice(10), 10), old)).rejects.toMatchObject({
        code: 'DEPENDENCY_DOWN',
        message: expect.stringContaining(
          'Another owner has claimed partition 3 of market.enriched (claim 2, ours was 1)',
        ),
      });
    }
    await expectStored(list.slice(0, 20));
    expect(await position()).toEqual([{ partition: 3, next_offset: 20, epoch: 2 }]);
  });

  test('from whom a late one has taken the claim takes it back, once its hold is confirmed anew', async () => {
    const list = samples(30);
    const own = holding();
    await handle(recordsOf(list.slice(0, 10)), own);
    await handle(recordsOf(list.slice(0, 10)), holding(), createStorage(database, {}));
    await expect(handle(recordsOf(list.slice(10), 10), own)).rejects.toThrow(/Another owner/);
    own.confirmedAtMs = Date.now() + 1;
    await handle(recordsOf(list.slice(10), 10), own);
    await expectStored(list);
    expect(await position()).toEqual([{ partition: 3, next_offset: 30, epoch: 3 }]);
  });
});

describe('users that are not the owner of the tables', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const grants = /```sql\n(grant [\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const openAs = (user: string, env: Readonly<Record<string, string>> = {}): Promise<Database> => {
    const urls = Object.entries(servers.local.environment());
    const as = urls.map(([name, url]) => [name, url.replace(/\/\/[^@]+@/, `//${user}:of-${user}@`)]);
    return servers.open({ ...Object.fromEntries(as), ...env });
  };

  test('store and read with the rights that README has them granted, and with no more', async () => {
    for (const user of ['storage', 'analytics']) {
      await asAdministrator(servers.local, 1, `create role ${user} login password 'of-${user}'`);
    }
    await onPrimary(servers.local.environment(), ({ client }) => client.query(grants));
    const [asStorage, asAnalytics] = [await openAs('storage'), await openAs('analytics')];
    const writer = createStorage(asStorage, {});
    const list = samples(3);
    // Again, so that what is there is looked up, and from a later source, so that it is replaced.
    await handle(recordsOf(list), holding(), writer);
    await handle(recordsOf(list), holding(), createStorage(asStorage, {}));
    const [first] = list as [EnrichedSample];
    await handle([recordOf(first, 3, 9)], holding(), writer);
    await expectStored(list);

    const resources = createAnalytics(asAnalytics, { STORAGE_WAIT_MS: '10000' });
    const [result] = await analytics.handleBatch(recordsOf(list).slice(2), createContext({ resources }));
    expect(result).toMatchObject({ value: expect.anything() });
    await expect(handle(recordsOf(samples(1), 4), holding(), createStorage(asAnalytics, {}))).rejects.toThrow(
      'does not permit this: grant the user of DATABASE_URL the rights',
    );
    await Promise.all([asStorage.close(), asAnalytics.close()]);
  });

  test('have no more connections than infra/scaling.ts counts on, however many partitions there are', async () => {
    const partitions = Array.from({ length: 12 }, (_, partition) => partition);
    const batches = partitions.map((partition) =>
      recordsOf(samples(3)).map((record) => ({
        ...record,
        partition,
        headers: { source: sourceText(partition, record) },
      })),
    );
    const sizeOf = (name: keyof typeof databasePools) => ({ DATABASE_POOL_SIZE: String(databasePools[name]) });
    const writer = createStorage(await openAs('storage', sizeOf('storage')), {});
    await Promise.all(batches.map((batch) => handle(batch, holding(), writer)));

    const resources = createAnalytics(await openAs('analytics', sizeOf('analytics')), { STORAGE_WAIT_MS: '10000' });
    const results = await Promise.all(
      batches.map((batch) => analytics.handleBatch(batch, createContext({ resources }))),
    );
    expect(results.flat().every((result) => result !== undefined && !(result instanceof Error))).toBe(true);
    await onPrimary(servers.local.environment(), async ({ client }) => {
      // What a pool had at most it keeps for a while.
      const { rows } = await client.query(
        "select usename, count(*)::int from pg_stat_activity where usename in ('storage', 'analytics') group by 1",
      );
      for (const { usename, count } of rows as { usename: 'storage' | 'analytics'; count: number }[]) {
        expect(count, usename).toBeLessThanOrEqual(databasePools[usename] + lookoutConnections);
      }
      expect(rows).toHaveLength(2);
    });
  });
});
