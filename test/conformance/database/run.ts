import type { Database } from '../../../functions/database/port.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';
import { buildBundle } from '../../../scripts/support/bundle.ts';
import { claimProblems, readClaims, readWriters, watchClaims } from '../../support/claims.ts';
import { asAdministrator, never, startTestDatabase, type TestDatabase } from '../../support/database.ts';
import { differences, nameOf, readStored } from '../../support/stored.ts';
import { violations } from '../canonical.ts';
import { sourceRecords } from '../hosts/inline.ts';
import { inputOf } from '../work.ts';
import { loadBundle } from './bundle.ts';
import type { DatabaseCase, Place, Seen } from './case.ts';

const storageGroup = 'conformance-storage';

/** What all cases share: the bundle, and the servers with a connection to them. */
export interface Ground {
  readonly bundle: string;
  readonly servers: TestDatabase;
  readonly database: Database;
}

/** Starts servers, and opens what ships. */
export async function openGround(): Promise<Ground> {
  const servers = await startTestDatabase();
  const { path: bundle } = await buildBundle({ entry: 'functions/database-main.ts', outfile: 'dist/database.mjs' });
  // Who judges is patient: the machine is busy.
  const database = await servers.open({ DATABASE_CONNECT_TIMEOUT_MS: '30000' });
  await watchClaims(database);
  return { bundle, servers, database };
}

/** Takes a case through a function in one of the places, on empty tables. */
export async function runCase(place: Place, one: DatabaseCase, { bundle, servers, database }: Ground): Promise<Seen> {
  const text = 'truncate snapshots, snapshot_options, partition_positions, claims';
  await database.write((session) => session.query({ text }), { signal: never });
  const env = {
    ...servers.local.environment(),
    ...{ STORAGE_GROUP_ID: storageGroup, STORAGE_WAIT_MS: '200', ANALYTICS_WINDOW: '8' },
  };
  const { end, ...running } = await place.begin(one, bundle, env);
  let kept: string | undefined;
  try {
    await one.course({
      ...{ ...running, servers, database },
      store: (before) => store(one, running.topic, before, bundle, env),
      claim: () => asAdministrator(servers.local, 1, 'update partition_positions set epoch = epoch + 1'),
      async keepRows() {
        kept = JSON.stringify(await readWriters(database));
      },
    });
  } catch (error) {
    await end();
    throw error;
  }
  const observed = await end();
  const writers = await readWriters(database);
  const claims = await readClaims(database);
  const anew = kept === undefined || kept === JSON.stringify(writers) ? [] : ['rows were written anew'];
  const tables = await readTables(database);
  return {
    observed,
    tables,
    problems: [
      ...violations(one, { ...observed, filtered: observed.filtered / one.deliveries }),
      ...(await rowProblems(one, database)),
      ...resultProblems(one, observed.outputs),
      ...claimProblems(claims, writers),
      ...anew,
    ],
  };
}

/** By the function of the same bundle, as if it had come so far. */
async function store(
  one: DatabaseCase,
  topic: string,
  before: readonly number[],
  bundle: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { functions, invoke } = await loadBundle(bundle);
  const records = sourceRecords(one.records)
    .filter(({ partition, offset }) => offset < (before[partition] ?? 0))
    .map((record) => createRecord({ ...record, topic }));
  const resources = await functions.storage.setup({ ...env, KAFKA_GROUP_ID: storageGroup });
  try {
    const { undone } = await invoke(functions.storage, records, { resources });
    if (undone.length > 0) throw new Error(`Storage left ${undone.length} records undone`);
  } finally {
    await functions.storage.close(resources);
  }
}

async function rowProblems({ rows }: DatabaseCase, database: Database): Promise<string[]> {
  const stored = await readStored(database);
  const places = rows.flatMap(({ json, source }) => {
    const row = stored.get(nameOf(json))?.snapshot;
    const [partition, offset] = [row?.source_partition, row?.source_offset];
    if (row === undefined || (partition === source.partition && offset === source.offset)) return [];
    return [`${nameOf(json)} is of ${partition}/${offset}, not of ${source.partition}/${source.offset}`];
  });
  const messages = rows.map(({ json }) => json);
  return [...differences(stored, messages), ...places.slice(0, 10)];
}

function resultProblems({ results }: DatabaseCase, outputs: Seen['observed']['outputs']): string[] {
  if (results === undefined)
    return outputs.length === 0 ? [] : [`${outputs.length} outputs of a function that has none`];
  const seen = new Set<string>();
  const wrong = outputs.flatMap((output) => {
    const { partition, offset } = inputOf(output);
    const name = `${partition}/${offset}`;
    seen.add(name);
    return output.value === results.get(name)
      ? []
      : [`the result of ${name} is ${output.value}, not ${results.get(name)}`];
  });
  const missing = [...results.keys()].filter((name) => !seen.has(name)).map((name) => `${name} has no result`);
  return [...wrong, ...missing].slice(0, 10);
}

/** All that the tables hold, but for what each run does in its own way: the names of topics, claims, and times of writing. */
async function readTables(database: Database): Promise<string[]> {
  const texts = [
    'select to_jsonb(s)::text as line from snapshots s order by 1',
    'select to_jsonb(o)::text as line from snapshot_options o order by 1',
    `select 'position ' || partition || ' ' || next_offset as line from partition_positions order by 1`,
  ];
  const lists: string[][] = [];
  for (const text of texts) {
    const read = await database.read((session) => session.query<{ line: string }>({ text }), {
      ...{ signal: never, maxLagMs: 0 },
    });
    lists.push(read.rows.map(({ line }) => line));
  }
  return lists.flat();
}
