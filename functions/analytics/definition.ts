import { openDatabase } from '../database/open.ts';
import type { Database } from '../database/port.ts';
import { reportOn } from '../database/report.ts';
import { databaseSettingProblems } from '../database/settings.ts';
import { createTurns } from '../database/turns.ts';
import { decodeEnriched, type EnrichedSnapshot } from '../market/enriched.ts';
import { microsOf } from '../market/micros.ts';
import { sourceOf } from '../market/source.ts';
import type { BatchFunction, BatchResult, HandlerContext, InboundRecord } from '../runtime/contract.ts';
import { BadInputError } from '../runtime/errors.ts';
import { analyse } from './analyse.ts';
import { createPositions } from './positions.ts';
import { readWindows, type WindowSource } from './read-windows.ts';
import { readAnalyticsSettings } from './settings.ts';
import type { Wanted } from './windows.ts';

/** What the batches of a process share. */
export interface Analytics extends WindowSource {
  readonly storageGroup: string;
}

/** While one read is on its way, the results of another are made; the looks at positions need a connection as well. */
const readsAtOnce = 2;

/** What `setup` makes, around a database that is open. */
export function createAnalytics(database: Database, env: Readonly<Record<string, string | undefined>>): Analytics {
  const { reach, storageGroup, storageWaitMs } = readAnalyticsSettings(env);
  return {
    ...{ database, storageGroup, reach, waitMs: storageWaitMs },
    positions: createPositions(database, storageGroup),
    turns: createTurns(readsAtOnce, () => ({})),
  };
}

async function handleBatch(
  records: readonly InboundRecord[],
  { resources, signal }: HandlerContext<Analytics>,
): Promise<readonly BatchResult[]> {
  const results = new Array<BatchResult>(records.length).fill(undefined);
  const snapshots = records.map((record, index) => decoded(record, results, index));
  const wanted = snapshots.flatMap((snapshot, index) => {
    const record = records[index] as InboundRecord; // there are as many
    return snapshot === undefined ? [] : [wantedOf(record, snapshot, index)];
  });
  const [{ topic, partition }] = records as readonly [InboundRecord]; // there is no empty batch
  const place = { group: resources.storageGroup, topic, partition };
  for (const [{ index }, window] of await readWindows(wanted, place, resources, signal)) {
    const snapshot = snapshots[index] as EnrichedSnapshot; // it was wanted
    results[index] = window instanceof Error ? window : { value: analyse(snapshot, window) };
  }
  return results;
}

function decoded(record: InboundRecord, results: BatchResult[], index: number): EnrichedSnapshot | undefined {
  try {
    return decodeEnriched(record.value);
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    results[index] = error;
    return undefined;
  }
}

function wantedOf(record: InboundRecord, { symbolId, expiry, timestampMs }: EnrichedSnapshot, index: number): Wanted {
  const { offset } = record;
  return { index, offset, symbolId, expiry, micros: microsOf(timestampMs), source: sourceOf(record) };
}

/**
 * Sets each enriched snapshot (`market.enriched`) against the stored ones before it, and writes what it finds to
 * `analytics.results`, one for one and in order of key. The windows of a batch are one query on a replica.
 *
 * A result depends on the log only: on snapshots before this one in time and in their topic, all of which storage has stored
 * by then, or else it is waited for. So neither the cut of batches nor redelivery changes a byte of it.
 *
 * `setup` reads the settings of the database, `ANALYTICS_*` and `STORAGE_*`. A record that is no enriched snapshot is an error of its own;
 * while storage lags or no server answers, it is DependencyDownError.
 */
export const analytics: BatchFunction<Analytics> = {
  name: 'analytics',
  source: 'market.enriched',
  group: 'analytics-group',
  output: 'analytics.results',
  outputPartitions: 'divides',
  deadLetters: 'market.enriched.dlq',
  order: 'key',
  retry: { attempts: 5, initialDelayMs: 100, maxDelayMs: 5000 },
  setup: async (env) => createAnalytics(await openDatabase(env), env),
  checkSettings: databaseSettingProblems,
  observe: ({ database }) => reportOn(database),
  close: ({ database }) => database.close(),
  handleBatch,
};
