import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../scripts/database/migrate.ts';
import { onPrimary } from '../../scripts/database/on-primary.ts';
import { arrangeDays } from '../../scripts/database/partitions.ts';
import { asAdministrator, startTestDatabase, type TestDatabase } from '../support/database.ts';

// TimescaleDB itself is not to be had here. What stands in for it is an extension of its name, whose functions take what
// its documentation says that they take, and note what they were called with: the statements of that branch run.
const functions = `
create table calls (call text);
create function create_hypertable(relation regclass, time_column_name name, partitioning_column name default null,
  number_partitions integer default null, associated_schema_name name default null, associated_table_prefix name default null,
  chunk_time_interval anyelement default null::bigint, create_default_indexes boolean default true,
  if_not_exists boolean default false, partitioning_func regproc default null, migrate_data boolean default false)
  returns table (hypertable_id int, schema_name name, table_name name, created bool) language sql as $$
    insert into calls values (format('create_hypertable %s %s %s', relation, time_column_name, chunk_time_interval));
    select 1, 'public'::name, relation::text::name, true $$;
create function drop_chunks(relation regclass, older_than timestamptz default null) returns setof text language sql as $$
    insert into calls values (format('drop_chunks %s %s', relation, older_than at time zone 'UTC'));
    select unnest(array['chunk_1', 'chunk_2']) $$;
`;

let folder: string;
let servers: TestDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hft-extension-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'extension'));
  writeFileSync(join(folder, 'extension', 'timescaledb.control'), "default_version = '2.0'\nrelocatable = true\n");
  writeFileSync(join(folder, 'extension', 'timescaledb--2.0.sql'), functions);
  servers = await startTestDatabase({ migrated: false, config: { extension_control_path: `$system:${folder}` } });
  await asAdministrator(servers.local, 1, 'create extension timescaledb; grant all on calls to hft');
});

afterAll(async () => {
  await servers.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('where TimescaleDB is, tables are hypertables of a day, and days are its own to make and ours to drop', async () => {
  await onPrimary(servers.local.environment(), async (connection) => {
    expect(await migrate(connection)).toMatchObject({
      ran: ['0001_snapshots', '0002_windows', '0003_positions'],
      hypertables: true,
    });
    expect(await arrangeDays(connection, { ahead: 7, keep: 30 })).toEqual({
      made: 0,
      dropped: 4,
      days: [],
      elsewhere: 0,
    });
    const { rows } = await connection.client.query('select call from calls');
    const before = new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10);
    expect(rows.map(({ call }) => call)).toEqual([
      'create_hypertable snapshots snapshot_at 1 day',
      'create_hypertable snapshot_options snapshot_at 1 day',
      `drop_chunks snapshots ${before} 00:00:00`,
      `drop_chunks snapshot_options ${before} 00:00:00`,
    ]);
    const kinds = await connection.client.query(
      "select relkind from pg_class where relname in ('snapshots', 'snapshot_options')",
    );
    expect(kinds.rows).toEqual([{ relkind: 'r' }, { relkind: 'r' }]);
  });
});
