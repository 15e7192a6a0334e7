import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../functions/database/port.ts';
import type { Assignment, InboundRecord } from '../../functions/runtime/contract.ts';
import { DependencyDownError } from '../../functions/runtime/errors.ts';
import { createContext, createRecord } from '../../functions/runtime/testing.ts';
import type { createStorage, storage } from '../../functions/storage/definition.ts';
import { never, startTestDatabase, type TestDatabase } from '../support/database.ts';
import { buildTestBundle, type Fault } from '../support/mutants.ts';
import { createSnapshots } from '../support/snapshots.ts';
import { anyClaim, anyEpoch, positionApart } from '../support/storage-bugs.ts';
import { differences, readStored } from '../support/stored.ts';

// Who guards the guards: storage with a bug put in, told by what is in the tables. Without one, all stories are well.

interface Module {
  readonly storage: typeof storage;
  readonly createStorage: typeof createStorage;
}

let servers: TestDatabase;
let database: Database;
const next = createSnapshots({ contracts: 4 });

beforeAll(async () => {
  servers = await startTestDatabase();
  database = await servers.open();
});

afterAll(() => servers.stop());

async function loadStorage(fault?: Fault): Promise<Module> {
  const { path, remove } = await buildTestBundle({ fault, entry: 'functions/storage/definition.ts' });
  try {
    return (await import(pathToFileURL(path).href)) as Module;
  } finally {
    remove();
  }
}

/** A process with its hold on the partition, as of its start. */
function owner({ storage: definition, createStorage: create }: Module, through: Database = database) {
  const resources = create(through, {});
  const assignment: Assignment = { confirmedAtMs: Date.now() - 1 };
  return async (records: readonly InboundRecord[]): Promise<void> => {
    await definition.handleBatch(records, createContext({ resources, assignment }));
  };
}

const samples = Array.from({ length: 30 }, next);
const records = (from: number, to: number): InboundRecord[] =>
  samples.slice(from, to).map(({ key, value }, index) => {
    return createRecord({ topic: 'market.enriched', partition: 3, offset: from + index, key, value });
  });

/** What is wrong with the tables when the first records, this many, should be in them and no others. */
async function problems(stored: number): Promise<string[]> {
  const text = 'select next_offset from partition_positions';
  const { rows } = await database.read((s) => s.query<{ next_offset: number }>({ text }), {
    signal: never,
    maxLagMs: 0,
  });
  const there = await readStored(database);
  const found = differences(
    there,
    samples.slice(0, stored).map(({ json }) => json),
  );
  return rows[0]?.next_offset === there.size
    ? found
    : [...found, `position ${rows[0]?.next_offset}, rows ${there.size}`];
}

const waiting = (work: Promise<void>): Promise<void> =>
  work.catch((error: { code?: string }) => {
    if (error.code !== 'DEPENDENCY_DOWN') throw error;
  });

/** A database whose second write breaks down while its options are sent. */
function breaking(): Database {
  let isFirst = true;
  function* cutOff(): Generator<Buffer> {
    yield Buffer.alloc(10);
    throw new DependencyDownError('cut off');
  }
  return {
    ...database,
    async writeAtOnce(steps, options) {
      const breaks = steps.some((step) => 'copy' in step) && isFirst;
      if (breaks) isFirst = false;
      const broken = steps.map((step) =>
        breaks && 'copy' in step && step.copy.includes('snapshot_options') ? { ...step, chunks: cutOff() } : step,
      );
      await database.writeAtOnce(broken, options);
    },
  };
}

const stories: Readonly<Record<string, (module: Module) => Promise<string[]>>> = {
  async 'a frozen owner thaws after another has gone on'(module) {
    const [old, taker] = [owner(module), owner(module)];
    await old(records(0, 10));
    await taker(records(10, 20));
    await waiting(old(records(10, 30)));
    return problems(20);
  },
  async 'a frozen owner thaws after another has seen its last batch again'(module) {
    const [old, taker] = [owner(module), owner(module)];
    await old(records(0, 10));
    await taker(records(0, 10));
    await waiting(old(records(10, 30)));
    return problems(10);
  },
  async 'the database breaks down within a batch'(module) {
    const one = owner(module, breaking());
    await one(records(0, 10));
    await waiting(one(records(10, 20)));
    return problems(10);
  },
  async 'a batch comes again, to the same owner and to another'(module) {
    const one = owner(module);
    await one(records(0, 20));
    await one(records(10, 30));
    await owner(module)(records(0, 30));
    return problems(30);
  },
};

async function tell(module: Module): Promise<string[]> {
  const found: string[] = [];
  for (const [name, story] of Object.entries(stories)) {
    const text = 'truncate snapshots, snapshot_options, partition_positions';
    await database.write((session) => session.query({ text }), { signal: never });
    const wrong = await story(module).catch((error: unknown) => [String(error)]);
    found.push(...wrong.map((line) => `${name}: ${line}`));
  }
  return found;
}

const mutants: Readonly<Record<string, Fault & { readonly story: string }>> = {
  'a refused owner just claims again': { ...anyClaim, story: 'a frozen owner thaws' },
  'the position moves on whatever its epoch': {
    ...anyEpoch,
    story: 'a frozen owner thaws after another has seen its last batch again',
  },
  'the position is written outside the transaction': {
    ...positionApart,
    story: 'the database breaks down within a batch',
  },
  'nobody looks what is there': {
    file: 'functions/storage/store.ts',
    find: 'await compare(session, prepared)',
    replace: '{ missing: [...prepared], newer: [] as Prepared[] }',
    story: 'a batch comes again',
  },
};

test('storage as it ships passes all stories', async () => {
  expect(await tell(await loadStorage())).toEqual([]);
});

describe('a story tells', () => {
  test.each(Object.entries(mutants))('%s', async (_, { story, ...fault }) => {
    const found = await tell(await loadStorage(fault));
    expect(found.filter((line) => line.startsWith(story))).not.toEqual([]);
  });
});
