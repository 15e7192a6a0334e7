import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../functions/database/port.ts';
import { knownMigrations } from '../../functions/database/schema.ts';
import { migrate } from '../../scripts/database/migrate.ts';
import { onPrimary } from '../../scripts/database/on-primary.ts';
import { arrangeDays } from '../../scripts/database/partitions.ts';
import { buildSchemaProgram, migrations } from '../../scripts/image/schema-program.ts';
import { stage } from '../../scripts/image/stage.ts';
import { asAdministrator, never, startTestDatabase, type TestDatabase } from '../support/database.ts';

let servers: TestDatabase;
let database: Database;

beforeAll(async () => {
  servers = await startTestDatabase({ migrated: false });
});

afterAll(() => servers.stop());

const today = new Date().toISOString().slice(0, 10);
const dayAt = (days: number): string => new Date(Date.parse(today) + days * 86_400_000).toISOString().slice(0, 10);

/** A snapshot and two of its options, at a time. */
async function store(at: string): Promise<void> {
  await database.write(
    async (session) => {
      const values = [1, at, '2026-12-31'];
      await session.query({
        text: `insert into snapshots (symbol_id, snapshot_at, expiry, source_partition, source_offset, symbol, spot_price, given_timestamp)
          values ($1, $2, $3, 0, 0, 'NIFTY', 24100, 'as it came')`,
        values,
      });
      await session.query({
        text: `insert into snapshot_options (symbol_id, snapshot_at, expiry, strike, option_type, illiquid)
          select $1, $2, $3, strike, 'CE', false from unnest(array[24000, 24100]) strike`,
        values,
      });
    },
    { signal: never },
  );
}

/** Where the snapshots are: a table each, with its count; those of the options must be double. */
async function places(): Promise<Record<string, number>> {
  const sql = (table: string) =>
    `select tableoid::regclass::text as place, count(*) as n from ${table} group by 1 order by 1`;
  return await database.read(
    async (session) => {
      const [snapshots, options] = [
        await session.query<{ place: string; n: number }>({ text: sql('snapshots') }),
        await session.query<{ place: string; n: number }>({ text: sql('snapshot_options') }),
      ];
      const doubled = snapshots.rows.map(({ place, n }) => ({
        place: place.replace('snapshots', 'snapshot_options'),
        n: n * 2,
      }));
      expect(options.rows).toEqual(doubled);
      return Object.fromEntries(snapshots.rows.map(({ place, n }) => [place, n]));
    },
    { signal: never, maxLagMs: 0 },
  );
}

const arrange = (days: { ahead: number; keep?: number }) =>
  onPrimary(servers.local.environment(), (connection) => arrangeDays(connection, { keep: undefined, ...days }));

describe('migrations', () => {
  test('run once, also when two processes begin at the same time', async () => {
    await expect(arrange({ ahead: 1 })).rejects.toThrow(/run npm run database -- migrate first/);
    const both = await Promise.allSettled([1, 2].map(() => onPrimary(servers.local.environment(), migrate)));
    const ran = both.flatMap((one) => (one.status === 'fulfilled' ? one.value.ran : []));
    expect(ran).toEqual(['0001_snapshots', '0002_windows', '0003_positions']);
    for (const one of both) {
      if (one.status === 'rejected') expect(String(one.reason)).toMatch(/already running.* run this again/);
    }
    expect(await onPrimary(servers.local.environment(), migrate)).toMatchObject({ ran: [], hypertables: false });
    database = await servers.open();
  });
});

const name = (days: number): string => `snapshots_${dayAt(days).replaceAll('-', '')}`;

test('the program in the image does the same, with nothing of the repository', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hft-schema-'));
  const files = migrations().map(([name, text]): [string, Buffer] => [`migrations/${name}`, text]);
  const program = join(stage(folder, new Map([['schema.mjs', await buildSchemaProgram()], ...files])), 'schema.mjs');
  await asAdministrator(servers.local, 1, 'create database image owner hft');
  const own = servers.local.environment();
  // The database's name is what ends the path.
  const url = String(own.DATABASE_URL).replace(/\/hft(\?|$)/, '/image$1');
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], { cwd: folder, env: { DATABASE_URL: url }, encoding: 'utf8' });
  expect(run('partitions')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('schema: The days'),
  });
  const first = run('migrate', '--ahead', '1', '--json');
  expect(first).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(first.stdout)).toMatchObject({ ran: knownMigrations, made: 6 });
  expect(run('migrate', '--ahead', '1').stdout).toMatch(/^\S+: has every migration; 0 partitions made\.\n$/);
  expect(run('partitions', '--ahead', '2').stdout).toMatch(/: 2 partitions made, 0 dropped;/);
  expect(run('down')).toMatchObject({ status: 2, stderr: expect.stringContaining('See: node schema.mjs --help') });
  rmSync(folder, { recursive: true });
});

describe('days', () => {
  test('that nobody made are stored all the same, and moved once they are', async () => {
    await store(`${today}T05:00:00Z`);
    await store(`${dayAt(-40)}T05:00:00Z`);
    expect(await places()).toEqual({ snapshots_default: 2 });
    const made = await arrange({ ahead: 2 });
    expect(made).toEqual({ made: 8, dropped: 0, days: [-1, 0, 1, 2].map(dayAt), elsewhere: 1 });
    expect(await places()).toEqual({ snapshots_default: 1, [name(0)]: 1 });
    expect(await arrange({ ahead: 2 })).toMatchObject({ made: 0 });
  });

  test('begin at midnight of UTC', async () => {
    await store(`${dayAt(1)}T00:00:00Z`);
    await store(`${dayAt(1)}T05:29:59+05:30`);
    expect(await places()).toEqual({ snapshots_default: 1, [name(0)]: 2, [name(1)]: 1 });
  });

  test('are dropped once they are older than what is kept, those of the default partition as well', async () => {
    await onPrimary(servers.local.environment(), ({ client }) =>
      client.query('select ensure_days(current_date - 5, current_date - 4)'),
    );
    await store(`${dayAt(-5)}T12:00:00Z`);
    await store(`${dayAt(-4)}T12:00:00Z`);
    expect(await arrange({ ahead: 2, keep: 4 })).toEqual({
      made: 0,
      dropped: 2,
      days: [-4, -1, 0, 1, 2].map(dayAt),
      elsewhere: 0,
    });
    expect(await places()).toEqual({ [name(-4)]: 1, [name(0)]: 2, [name(1)]: 1 });
  });

  test('are made while somebody writes', async () => {
    let isOver = false;
    let stored = 0;
    const writer = (async () => {
      for (; !isOver; stored += 1) await store(`${dayAt(5)}T06:00:00.${String(stored).padStart(6, '0')}Z`);
    })();
    await expect.poll(() => stored).toBeGreaterThan(5);
    await arrange({ ahead: 6 });
    const before = stored;
    await expect.poll(() => stored).toBeGreaterThan(before + 5);
    isOver = true;
    await writer;
    expect(await places()).toMatchObject({ [name(5)]: stored });
  });
});

describe('indexes', () => {
  /** The plan of a query as one line a node, with nothing of a table read as a whole where it matters. */
  async function planOf(text: string): Promise<string> {
    const explain = async () => {
      const { rows } = await database.write(
        async (session) => {
          // Few rows make any plan cheap: the question is which ones there are.
          await session.query({ text: 'set local enable_seqscan = off' });
          return await session.query<Record<string, string>>({ text: `explain (costs off) ${text}` });
        },
        { signal: never },
      );
      return rows.map((row) => Object.values(row)[0]).join('\n');
    };
    return await explain();
  }

  const window = "select spot_price, atm_iv from snapshots where symbol_id = 1 and expiry = '2026-12-31'";

  test('serve the window of a symbol before a time, in order and alone', async () => {
    const plan = await planOf(`${window} and snapshot_at < now() order by snapshot_at desc limit 300`);
    expect(plan).toMatch(/Index Only Scan Backward using snapshots_\d{8}_pkey/);
    expect(plan).not.toMatch(/Seq Scan|Sort$/m);
    expect(plan).toMatch(/^Limit\n +-> +Merge Append/);
  });

  test('serve it a day after the other where it has a lower bound, and all its days are made', async () => {
    const bounds = `snapshot_at >= '${dayAt(-1)}T00:00:00Z' and snapshot_at < '${dayAt(1)}T00:00:00Z'`;
    const plan = await planOf(`${window} and ${bounds} order by snapshot_at desc limit 300`);
    const scans = [0, -1].map((day) => `Index Only Scan Backward using ${name(day)}_pkey`).join('[^]+?-> +');
    expect(plan).toMatch(new RegExp(`^Limit\\n +-> +Append\\n +-> +${scans}`));
  });

  test('answer alone soon after a write: each day is vacuumed for what was inserted', async () => {
    const { rows } = await database.read(
      (session) =>
        session.query({
          text: `select relname as name, array_to_string(reloptions, ' ') as options from pg_inherits
            join pg_class on pg_class.oid = inhrelid where inhparent = 'snapshots'::regclass`,
        }),
      { signal: never, maxLagMs: 0 },
    );
    expect(rows.length).toBeGreaterThan(3);
    const options = 'autovacuum_vacuum_insert_scale_factor=0 autovacuum_vacuum_insert_threshold=1000';
    for (const row of rows) expect(row).toMatchObject({ options });
  });

  test('serve the options of a snapshot, in the one partition of its day', async () => {
    const plan = await planOf(`select strike, oi from snapshot_options
      where symbol_id = 1 and expiry = '2026-12-31' and snapshot_at = '${today}T05:00:00Z'`);
    expect(plan).toMatch(new RegExp(`on snapshot_options_${today.replaceAll('-', '')}`));
    expect(plan).not.toMatch(/Seq Scan|Append/);
  });
});
