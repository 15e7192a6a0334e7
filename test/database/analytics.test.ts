import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Analytics, analytics, createAnalytics } from '../../functions/analytics/definition.ts';
import type { Database, Session } from '../../functions/database/port.ts';
import type { BatchResult, InboundRecord } from '../../functions/runtime/contract.ts';
import { DependencyDownError } from '../../functions/runtime/errors.ts';
import { createContext, createRecord } from '../../functions/runtime/testing.ts';
import { comingSnapshots, explain, layGround, readAsAnalytics } from '../../scripts/bench/analytics-ground.ts';
import { asAdministrator, never, startTestDatabase, type TestDatabase } from '../support/database.ts';
import { createMarket, type Logged, resultOf, windowsByHand } from '../support/market.ts';
import { enrichedRecord, insertSnapshots, storedUpTo } from '../support/stored-log.ts';

let servers: TestDatabase;
let database: Database;

const windowSize = 30;
const log = createMarket({
  ...{ count: 900, symbols: 2, expiries: ['2026-12-31', '2027-01-28'] },
  ...{ endsAtMs: Date.now(), stepMs: 500, latePercent: 10 },
});
const lookbackMs = 3_600_000;
const expected = windowsByHand(log, windowSize, lookbackMs).map((window, index) =>
  resultOf(log[index] as Logged, window),
);

beforeAll(async () => {
  servers = await startTestDatabase();
  database = await servers.open({ DATABASE_MAX_LAG_MS: '3600000' });
});

afterAll(() => servers.stop());

/** Stores the log from one offset to before another, with the position, in one transaction. */
async function store(from: number, to: number): Promise<void> {
  await database.write(
    async (session) => {
      await insertSnapshots(session, log.slice(from, to));
      await storedUpTo(session, to);
    },
    { signal: never },
  );
}

const settings = {
  ANALYTICS_WINDOW: String(windowSize),
  ANALYTICS_LOOKBACK_HOURS: '1',
  STORAGE_WAIT_MS: '60000',
};

async function run(records: readonly InboundRecord[], resources: Analytics): Promise<BatchResult[]> {
  const results = await analytics.handleBatch?.(records, createContext({ resources, signal: never }));
  return [...(results ?? [])];
}

/** The texts that these snapshots give, in batches that end at these offsets. */
async function textsOf(from: number, ends: readonly number[], resources = createAnalytics(database, settings)) {
  const texts: (string | undefined)[] = [];
  for (const end of ends) {
    const records = log.slice(from + texts.length, end).map(({ record }) => record);
    for (const result of await run(records, resources)) texts.push(textOf(result));
  }
  return texts;
}

function textOf(result: BatchResult): string | undefined {
  if (result instanceof Error) throw result;
  return result && 'value' in result ? String(result.value) : undefined;
}

describe('analytics', () => {
  test('waits for storage: windows are those of the log, whatever the cut of batches, then and later', async () => {
    const resources = createAnalytics(database, settings);
    let isOver = false;
    const storing = (async () => {
      for (let at = 0; at < log.length; at += 60) await store(at, Math.min(at + 60, log.length));
      isOver = true;
    })();
    const ahead = await textsOf(0, [1, 2, 100, 250, 600, 900], resources);
    expect(ahead).toEqual(expected);
    await storing;
    expect(isOver).toBe(true);
    // All is stored by now, also what came later: the same bytes again.
    expect(await textsOf(0, [900], resources)).toEqual(expected);
    expect(await textsOf(450, [451, 700, 900])).toEqual(expected.slice(450));
    const alone = Array.from({ length: 40 }, (_, index) => 861 + index);
    expect(await textsOf(860, alone)).toEqual(expected.slice(860));
    expect(database.metrics().primaryReads).toBe(0);
  });

  test('reads again for late snapshots, which reach back further than their neighbours', async () => {
    // Every tenth of the log: times far apart, with much between them that is not of the batch.
    const some = log.filter((_, index) => index % 10 === 0);
    const results = await run(
      some.map(({ record }) => record),
      createAnalytics(database, settings),
    );
    expect(results.map(textOf)).toEqual(expected.filter((_, index) => index % 10 === 0));
  });

  test('of a batch that storage has not come to the end of, does what can be done, and waits with the rest', async () => {
    await database.write((session) => storedUpTo(session, 880), { signal: never });
    const records = log.slice(870, 890).map(({ record }) => record);
    const impatient = createAnalytics(database, { ...settings, STORAGE_WAIT_MS: '100' });
    await expect.poll(() => position()).toBe(880);
    const results = await run(records, impatient);
    // The snapshot at 880 needs what lies before it, and not itself.
    expect(results.slice(0, 11).map(textOf)).toEqual(expected.slice(870, 881));
    for (const result of results.slice(11)) expect(result).toBeInstanceOf(DependencyDownError);
    expect(String(results[11])).toMatch(
      /storage-group has stored what lies before offset 880 of market\.enriched partition 7, and offset 881 needs all before it/,
    );
    await database.write((session) => storedUpTo(session, 900), { signal: never });
  });

  test('once a wait for storage has run out, looks once a try until storage has caught up, and waits again then', async () => {
    await database.write((session) => storedUpTo(session, 880), { signal: never });
    await expect.poll(() => position()).toBe(880);
    let looks = 0;
    const counting: Database = {
      ...database,
      read: (work, options) =>
        database.read((session) => {
          const query: typeof session.query = async (sql) => {
            if (sql.text.includes('topic = any')) looks += 1;
            return await session.query(sql);
          };
          return work({ ...session, query });
        }, options),
    };
    const resources = createAnalytics(counting, { ...settings, STORAGE_WAIT_MS: '300' });
    const looksOf = async (from: number, to: number): Promise<[looks: number, done: number]> => {
      looks = 0;
      const records = log.slice(from, to).map(({ record }) => record);
      const results = await run(records, resources);
      return [looks, results.filter((result) => !(result instanceof Error)).length];
    };
    const [waited, done] = await looksOf(870, 890);
    expect([waited > 1, done]).toEqual([true, 11]);
    for (let attempt = 0; attempt < 3; attempt += 1) expect(await looksOf(881, 890)).toEqual([1, 0]);
    await database.write((session) => storedUpTo(session, 885), { signal: never });
    await expect.poll(() => position()).toBe(885);
    expect(await looksOf(881, 890)).toEqual([1, 5]);
    await database.write((session) => storedUpTo(session, 890), { signal: never });
    await expect.poll(() => position()).toBe(890);
    expect(await looksOf(886, 890)).toEqual([1, 4]);
    expect((await looksOf(891, 900))[0]).toBeGreaterThan(1);
    await database.write((session) => storedUpTo(session, 900), { signal: never });
  });

  test('does not believe the primary: what the replica has not replayed is waited for', async () => {
    await database.write((session) => storedUpTo(session, 0), { signal: never });
    await expect.poll(() => position()).toBe(0);
    await asAdministrator(servers.local, 2, 'select pg_wal_replay_pause()');
    await database.write((session) => storedUpTo(session, 900), { signal: never });
    const waiting = textsOf(890, [900]);
    const first = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 400, 'waits'))]);
    expect(first).toBe('waits');
    await asAdministrator(servers.local, 2, 'select pg_wal_replay_resume()');
    expect(await waiting).toEqual(expected.slice(890));
  });

  test('gives a record that is none its own error, and no other', async () => {
    const records = log
      .slice(0, 3)
      .map(({ record }, index) => (index === 1 ? { ...record, value: Buffer.from('{') } : record));
    const results = await run(records, createAnalytics(database, settings));
    expect(results[1]).toMatchObject({ code: 'DECODE_FAILED' });
    expect([results[0], results[2]].map((one) => textOf(one))).toEqual([expected[0], expected[2]]);
  });

  test('of a snapshot that was corrected, a record between the two that comes again has it no more; all others do as before', async () => {
    const [between, after] = [log[898] as Logged, log[899] as Logged];
    const windows = windowsByHand(log, windowSize, lookbackMs);
    const corrected = windows[898]?.at(-1) as Logged;
    const resources = createAnalytics(await servers.open({ DATABASE_MAX_LAG_MS: '0' }), settings);
    expect((await run([between.record], resources)).map(textOf)).toEqual([expected[898]]);
    // Its correction stands behind the record in `market.raw`, and takes its place: what came first is kept nowhere.
    await putOffset(corrected, 5_000);
    const without = windowsByHand(
      [...log.slice(0, 898).filter((one) => one !== corrected), between],
      windowSize,
      lookbackMs,
    );
    expect((await run([between.record], resources)).map(textOf)).toEqual([resultOf(between, without.at(-1) ?? [])]);
    await putOffset(corrected, 898);
    // One behind the correction has it, and one in front of the first never had it.
    const behind = createRecord({ ...after.record, headers: { source: Buffer.from('market.raw/7/899') } });
    expect((await run([behind], resources)).map(textOf)).toEqual([expected[899]]);
    await putOffset(corrected, corrected.record.offset);
  });

  test('reads both again when a snapshot is replaced between the window and its ends', async () => {
    const at = 899;
    const { record } = log[at] as Logged;
    const end = windowsByHand(log, windowSize, lookbackMs)[at]?.at(-1) as Logged;
    let looks = 0;
    const replacing: Database = {
      ...database,
      read: (work, options) =>
        database.read(
          (session) =>
            work({
              ...session,
              async query(sql) {
                if (sql.text.includes('given_timestamp')) looks += 1;
                if (sql.text.includes('given_timestamp') && looks === 1) await putOffset(end, 5_000);
                return await session.query(sql);
              },
            }),
          { ...options, maxLagMs: 0 },
        ),
    };
    const [text] = (await run([record], createAnalytics(replacing, settings))).map(textOf);
    // It stands behind this record in the log by now, so it is no part of its window.
    const others = log.slice(0, at + 1).filter((one) => one !== end);
    expect(text).toBe(resultOf(log[at] as Logged, windowsByHand(others, windowSize, lookbackMs)[at - 1] ?? []));
    expect(looks).toBe(2);
    await putOffset(end, end.record.offset);
  });

  test('finds the ends of windows at the end of all times, where a number has no room for microseconds', async () => {
    const far = [997, 998, 999].map((ms, index) => {
      const fields = { symbolId: 1, timestamp: `9999-12-31T23:59:59.${ms}Z`, spot: 100 + index };
      return { fields, atMs: Date.parse(fields.timestamp), record: enrichedRecord(fields, 900 + index) };
    });
    const store = async (session: Session): Promise<void> => {
      await insertSnapshots(session, far);
      await storedUpTo(session, 902);
    };
    await database.write(store, { signal: never });
    const context = createContext({
      resources: createAnalytics(database, settings),
      signal: AbortSignal.timeout(5_000),
    });
    const results = await analytics.handleBatch?.(
      far.map(({ record }) => record),
      context,
    );
    expect(results?.map(textOf)).toEqual(far.map((one, index) => resultOf(one, far.slice(0, index))));
  });

  test('ends a wait when it is told to', async () => {
    const { record } = log[0] as Logged;
    const abortion = new AbortController();
    const waiting = analytics.handleBatch?.(
      [{ ...record, offset: 5_000 }],
      createContext({ resources: createAnalytics(database, settings), signal: abortion.signal }),
    );
    setTimeout(() => abortion.abort(new Error('the partition is gone')), 50);
    await expect(waiting).rejects.toThrow('the partition is gone');
  });
});

/** A snapshot as if it had been computed of another record. */
async function putOffset({ fields, atMs }: Logged, offset: number): Promise<void> {
  const text = `update snapshots set source_offset = $1 where symbol_id = $2 and expiry = $3 and snapshot_at = $4`;
  const values = [offset, fields.symbolId, fields.expiry, new Date(atMs).toISOString()];
  await database.write((session) => session.query({ text, values }), { signal: never });
}

async function position(): Promise<number | undefined> {
  const text = "select next_offset as n from partition_positions where topic = 'market.enriched' and partition = 7";
  const read = (session: Parameters<Parameters<Database['read']>[0]>[0]) => session.query<{ n: number }>({ text });
  return (await database.read(read, { signal: never })).rows[0]?.n;
}

describe('the windows of a batch of 500, each of 300 snapshots and of days before as well', () => {
  // Two days of a market's hours are in each window. The other tests' snapshots are of other symbols and expiries.
  const ground = { chains: 500, days: 2, minutes: 160 };
  let patient: Database;

  beforeAll(async () => {
    patient = await servers.open({ DATABASE_STATEMENT_TIMEOUT_MS: '120000' });
    await layGround(patient, ground);
    await vi.waitUntil(async () => (await position()) === 1e12, { timeout: 20_000, interval: 50 });
  });

  test.each([
    ['just written', 4],
    ['just written', 500],
    ['vacuumed', 4],
    ['vacuumed', 500],
  ])('%s, of %i symbols and expiries, are two statements that read no table as a whole', async (state, chains) => {
    if (state === 'vacuumed') await asAdministrator(servers.local, 1, 'vacuum analyze snapshots');
    const wanted = comingSnapshots(500, chains, ground);
    const { windows, statements } = await readAsAnalytics(database, wanted);
    for (const window of windows.values()) expect(window).toMatchObject({ past: { length: 300 } });
    expect(statements).toHaveLength(2);
    let pages = 0;
    for (const statement of statements) {
      const explained = await explain(database, statement);
      process.stderr.write(`${state}, ${chains}: ${explained.ms.toFixed(1)} ms, ${explained.pages} pages\n`);
      expect(explained.plan).toContain('Index');
      expect(explained.plan).not.toContain('Seq Scan');
      pages += explained.pages;
    }
    // A page for each of the 150,000 snapshots would be what the index alone has to spare. Times depend on the machine.
    if (state === 'vacuumed') expect(pages).toBeLessThan(15_000);
  });
});
