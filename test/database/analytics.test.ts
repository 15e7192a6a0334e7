import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Analytics, analytics, createAnalytics } from '../../functions/analytics/definition.ts';
import { rangesSql } from '../../functions/analytics/read-ranges.ts';
import { rangesOf } from '../../functions/analytics/windows.ts';
import type { Database } from '../../functions/database/port.ts';
import { microsOf } from '../../functions/market/micros.ts';
import { sourceOf } from '../../functions/market/source.ts';
import type { BatchResult, InboundRecord } from '../../functions/runtime/contract.ts';
import { DependencyDownError } from '../../functions/runtime/errors.ts';
import { createContext } from '../../functions/runtime/testing.ts';
import { asAdministrator, never, startTestDatabase, type TestDatabase } from '../support/database.ts';
import { createMarket, type Logged, resultOf, windowsByHand } from '../support/market.ts';
import { insertSnapshots, storedUpTo } from '../support/stored-log.ts';

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

async function position(): Promise<number | undefined> {
  const text = "select next_offset as n from partition_positions where topic = 'market.enriched' and partition = 7";
  const read = (session: Parameters<Parameters<Database['read']>[0]>[0]) => session.query<{ n: number }>({ text });
  return (await database.read(read, { signal: never })).rows[0]?.n;
}

describe('the query for a batch of 500 with windows of 300', () => {
  const reach = { snapshots: 300, lookbackMicros: BigInt(7 * 86_400_000) * 1_000n };
  const place = { group: 'storage-group', topic: 'market.enriched', partition: 7 };

  test.each([
    [2, 2],
    [125, 4],
  ])(
    'of %i symbols and %i expiries reads no table as a whole, and only days of the windows',
    async (symbols, count) => {
      const expiries = Array.from({ length: count }, (_, index) => `2027-0${index + 1}-28`);
      const each = symbols * count;
      const many = createMarket({
        ...{
          count: Math.max(60_000, each * 320),
          symbols,
          expiries,
          endsAtMs: Date.now() - 1_000,
          stepMs: 50_000 / each,
        },
      }).map((one, index) => ({
        ...one,
        fields: { ...one.fields, symbolId: one.fields.symbolId + 1_000 * symbols },
        index,
      }));
      await database.write(
        async (session) => {
          for (let at = 0; at < many.length; at += 10_000) await insertSnapshots(session, many.slice(at, at + 10_000));
          await storedUpTo(session, many.length);
        },
        { signal: never },
      );
      const wanted = many.slice(-500).map(({ fields, record, atMs }, index) => ({
        ...{ index, offset: record.offset, symbolId: fields.symbolId, expiry: fields.expiry ?? '' },
        ...{ micros: microsOf(atMs), source: sourceOf(record) },
      }));
      const { text, values = [] } = rangesSql(place, many.length - 1, rangesOf(wanted, reach));
      for (const analyzed of [false, true]) {
        if (analyzed) await asAdministrator(servers.local, 1, 'analyze snapshots');
        const explain = { text: `explain (analyze, buffers, format json) ${text}`, values };
        const { rows } = await database.read((session) => session.query<Record<string, unknown>>(explain), {
          signal: never,
          maxLagMs: 0,
        });
        const plan = JSON.stringify(rows);
        const [{ 'Execution Time': ms, 'Planning Time': planningMs }] = Object.values(rows[0] ?? {})[0] as [
          Record<string, number>,
        ];
        process.stderr.write(
          `${symbols} x ${count}: ${new Set(wanted.map((one) => one.symbolId + one.expiry)).size} windows, planned in ${planningMs} ms, run in ${ms} ms\n`,
        );
        expect(plan).toContain('Index Scan');
        expect(plan).not.toContain('Seq Scan');
      }
    },
  );
});
