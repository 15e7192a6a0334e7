import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { createEvent } from '../../functions/hosts/lambda/testing.ts';
import type { InboundRecord } from '../../functions/runtime/contract.ts';
import { createRecord } from '../../functions/runtime/testing.ts';
import { createEnvironment, type Environment } from '../../scripts/event-source/environment.ts';
import { buildBundle } from '../../scripts/support/bundle.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { headerOf } from '../support/ledger/log.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createRunTopics, type RunTopics } from '../support/ledger/topics.ts';
import { createLogs, type Logged, resultOf, windowsByHand } from '../support/market.ts';
import { settingsOf } from '../support/pipeline.ts';
import { createSnapshots } from '../support/snapshots.ts';
import { differences, readStored } from '../support/stored.ts';

// The functions that use a database under the real runtime client, called event by event: which environment gets an event,
// and how often, is the service's choice.

const bootstrapServers = inject('bootstrapServers');
let servers: TestDatabase;
let bundle: string;

beforeAll(async () => {
  servers = await startTestDatabase();
  ({ path: bundle } = await buildBundle({ entry: 'functions/database-main.ts', outfile: 'dist/database.mjs' }));
});

afterAll(() => servers.stop());

async function start(exportName: string, topics: RunTopics, env: Record<string, string> = {}): Promise<Environment> {
  const { OUTPUT_TOPIC, ...settings } = settingsOf(topics, bootstrapServers);
  const environment = await createEnvironment({
    ...{ bundle, exportName, timeoutMs: 30_000, initTimeoutMs: 60_000, onLog: () => undefined },
    env: {
      ...{ ...settings, ...servers.local.environment(), ...(exportName === 'analytics' && { OUTPUT_TOPIC }) },
      ...{ DEPENDENCY_WAIT_MS: '300', STORAGE_WAIT_MS: '200', STORAGE_GROUP_ID: topics.source, ...env },
    },
  });
  onTestFinished(() => environment.close());
  return environment;
}

/** How many records of an event come back undone. */
async function undone(environment: Environment, records: readonly InboundRecord[]): Promise<number> {
  const result = await environment.invoke(createEvent(records));
  if (result.kind !== 'response') throw new Error(JSON.stringify(result));
  return (JSON.parse(result.payload) as { batchItemFailures: unknown[] }).batchItemFailures.length;
}

test('storage: events that come again, to another environment, and a database that is away', async () => {
  const topics = await createRunTopics(bootstrapServers, { partitions: 4, deadLetterPartitions: 2 });
  const [first, second] = await Promise.all([start('storage', topics), start('storage', topics)]);
  const next = createSnapshots({ contracts: 20 });
  const list = Array.from({ length: 40 }, next);
  const records = list.map(({ key, value }, index): InboundRecord => {
    const place = { topic: topics.source, partition: index % 2, offset: index >> 1 };
    return createRecord({ ...place, key, value: index === 7 ? 'no JSON' : value });
  });

  expect(await undone(first, records.slice(0, 20))).toBe(0);
  expect(await undone(second, records.slice(10, 30))).toBe(0);
  await servers.local.stopServer(1);
  expect(await undone(first, records.slice(20, 40))).toBe(20);
  await servers.local.startServer(1);
  expect(await undone(first, records.slice(20, 40))).toBe(0);

  const stored = list.filter((_, index) => index !== 7).map(({ json }) => json);
  expect(differences(await readStored(await servers.open()), stored)).toEqual([]);
});

test('analytics: waits for storage, and writes the same bytes whichever environment has an event, to topics that divide', async () => {
  const partitions = 4;
  const topics = await createRunTopics(bootstrapServers, { partitions, outputPartitions: 2, deadLetterPartitions: 2 });
  const env = { ANALYTICS_WINDOW: '8' };
  const [first, second, storage] = await Promise.all([
    start('analytics', topics, env),
    start('analytics', topics, env),
    start('storage', topics),
  ]);
  const market = { count: 30, symbols: 2, expiries: ['2026-12-31'], stepMs: 200, latePercent: 20 };
  const logs = createLogs(partitions, { ...market, endsAtMs: Date.now() });
  const recordOf = ({ fields, record }: Logged): InboundRecord => {
    return createRecord({ ...record, topic: topics.source, key: String(fields.symbolId) });
  };
  /** These of each partition, as one event. */
  const event = (from: number, to: number): InboundRecord[] => logs.flatMap((log) => log.slice(from, to).map(recordOf));

  expect(await undone(first, event(0, 10))).toBe(40);
  expect(await undone(storage, event(0, 15))).toBe(0);
  expect(await undone(first, event(0, 10))).toBe(0);
  expect(await undone(second, event(5, 20))).toBe(4 * 4); // the one at 15 needs what lies before it
  expect(await undone(storage, event(15, 30))).toBe(0);
  expect(await undone(second, event(16, 20))).toBe(0);
  expect(await undone(first, event(17, 30))).toBe(0);

  const { outputs } = await readTopics(bootstrapServers, { outputs: topics.output }, { keepValues: true });
  const due = logs.map((log) => {
    const windows = windowsByHand(log, 8, Number.POSITIVE_INFINITY);
    return log.map((one, index) => resultOf(one, windows[index] ?? []));
  });
  const seen = new Set<string>();
  for (const [at, results] of outputs.partitions.entries()) {
    for (const result of results) {
      const [, partition = 0, offset = 0] = (headerOf(result, 'source') ?? '').split('/').map(Number);
      expect(partition % 2).toBe(at);
      expect(String(result.value)).toBe(due[partition]?.[offset]);
      seen.add(`${partition}/${offset}`);
    }
  }
  expect(seen.size).toBe(partitions * market.count);
});
