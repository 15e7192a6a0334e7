import { afterAll, beforeAll, expect, test } from 'vitest';
import { readState } from '../../infra/database/layout.ts';
import { sizeOf } from '../../infra/database/size.ts';
import { layGround } from '../../scripts/bench/analytics-ground.ts';
import { createBound } from '../../scripts/start/database-bound.ts';
import { never, startTestDatabase, type TestDatabase } from '../support/database.ts';

let servers: TestDatabase;

beforeAll(async () => {
  servers = await startTestDatabase();
});

afterAll(() => servers.stop());

const sizes = () => {
  const home = readState(servers.local.dir)?.home ?? '';
  return [sizeOf(home, 1), sizeOf(home, 2), sizeOf(home, 3)] as const;
};

test('a database that has grown above its bound is emptied, and what this run had stored is counted', async () => {
  const database = await servers.open();
  const [before] = sizes();
  await layGround(database, { chains: 100, days: 1, minutes: 100 });
  const [grown, replica, none] = sizes();
  expect(grown.tables - before.tables).toBeGreaterThan(3 << 20);
  expect(grown.all).toBeGreaterThan(grown.tables);
  expect(replica.tables).toBeGreaterThan(1 << 20);
  expect(none).toEqual({ all: 0, tables: 0 });

  const events: string[] = [];
  // Of the 10,000 in partition 7, offsets from 0: those before 4,000 are of an earlier run.
  const from = Array.from({ length: 8 }, () => 4_000);
  const env = { ...process.env, ...servers.local.environment() };
  const bound = createBound(env, { bytes: grown.tables - 1, from, onEvent: (text) => events.push(text) });
  const text = 'select count(*) as n from snapshots';
  const stored = async () =>
    (await database.read((s) => s.query<{ n: number }>({ text }), { signal: never, maxLagMs: 0 })).rows;
  await bound.check(grown.tables - 1);
  expect([bound.dropped, await stored(), events]).toEqual([0, [{ n: 10_000 }], []]);
  await bound.check(grown.tables);
  expect([bound.dropped, await stored()]).toEqual([6_000, [{ n: 0 }]]);
  expect(events).toEqual([
    expect.stringMatching(/^the database had grown to 0\.0 GB and was emptied \(--database-gb\)/),
  ]);
  expect(sizes()[0].tables).toBeLessThan(grown.tables - (3 << 20));
});
