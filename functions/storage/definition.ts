import { openDatabase } from '../database/open.ts';
import type { Database } from '../database/port.ts';
import { reportOn } from '../database/report.ts';
import { databaseSettingProblems } from '../database/settings.ts';
import { createTurns, type Turns } from '../database/turns.ts';
import type { BatchFunction, BatchResult, HandlerContext, InboundRecord } from '../runtime/contract.ts';
import { storeApart } from './apart.ts';
import { createOwners } from './owners.ts';
import { createWorkplace, type Prepared, prepare, type Workplace } from './prepare.ts';

const group = 'storage-group';

/** What the batches of a process share. */
export interface Storage {
  readonly database: Database;
  /** Positions are noted under it. */
  readonly group: string;
  readonly owners: ReturnType<typeof createOwners>;
  readonly turns: Turns<Workplace>;
}

/**
 * So many transactions at a time: while one is on its way, the rows of another are made. More would wait in the pool, where
 * waiting too long counts as a database that is down.
 */
const atOnce = 2;

/** What `setup` makes, around a database that is open. */
export function createStorage(database: Database, env: Readonly<Record<string, string | undefined>>): Storage {
  return {
    database,
    group: env.KAFKA_GROUP_ID || group,
    owners: createOwners(),
    turns: createTurns(atOnce, createWorkplace),
  };
}

async function handleBatch(
  records: readonly InboundRecord[],
  { resources, assignment, signal }: HandlerContext<Storage>,
): Promise<readonly BatchResult[]> {
  const results: BatchResult[] = new Array<BatchResult>(records.length).fill(undefined);
  const [start] = records;
  if (start === undefined) return results;
  const { database, turns } = resources;
  const place = { group: resources.group, topic: start.topic, partition: start.partition };
  const owner = resources.owners(assignment, place);
  const workplace = await turns.take(signal);
  try {
    for (let from = 0; from < records.length; ) {
      const prepared: Prepared[] = [];
      const to = prepare(records, from, workplace, { prepared, results });
      const first = (records[from] as InboundRecord).offset;
      const end = (records[to - 1] as InboundRecord).offset + 1;
      await storeApart({ prepared, first, end }, { database, place, owner, workplace, signal }, results);
      from = to;
    }
  } finally {
    turns.give(workplace);
  }
  return results;
}

/**
 * Writes enriched snapshots (`market.enriched`) into the tables of the database, each once, in order of partition. A batch's
 * rows, the partition's position and the owner's claim are one transaction, so that what is delivered again is written
 * once, and an owner that has lost its partition writes nothing.
 *
 * `setup` reads the settings of the database. A record that is no enriched snapshot, or whose row the database refuses, is
 * an error of its own. `handleBatch` throws DependencyDownError while the database cannot be written to.
 */
export const storage: BatchFunction<Storage> = {
  name: 'storage',
  source: 'market.enriched',
  group,
  deadLetters: 'market.enriched.dlq',
  order: 'partition',
  retry: { attempts: 5, initialDelayMs: 100, maxDelayMs: 5000 },
  setup: async (env) => createStorage(await openDatabase(env), env),
  checkSettings: databaseSettingProblems,
  observe: ({ database }) => reportOn(database),
  close: ({ database }) => database.close(),
  handleBatch,
};
