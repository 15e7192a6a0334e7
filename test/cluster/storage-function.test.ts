import { expect, inject, onTestFinished, test } from 'vitest';
import { createEvent } from '../../functions/hosts/lambda/testing.ts';
import type { InboundRecord } from '../../functions/runtime/contract.ts';
import { createRecord } from '../../functions/runtime/testing.ts';
import { createEnvironment } from '../../scripts/event-source/environment.ts';
import { buildBundle } from '../../scripts/support/bundle.ts';
import { startTestDatabase } from '../support/database.ts';
import { createRunTopics } from '../support/ledger/topics.ts';
import { settingsOf } from '../support/pipeline.ts';
import { createSnapshots } from '../support/snapshots.ts';
import { differences, readStored } from '../support/stored.ts';

test('as a Lambda function: events that come again, to another environment, and a database that is away', async () => {
  const servers = await startTestDatabase();
  onTestFinished(() => servers.stop());
  const { path: bundle } = await buildBundle({ entry: 'functions/database-main.ts', outfile: 'dist/database.mjs' });
  const bootstrapServers = inject('bootstrapServers');
  const topics = await createRunTopics(bootstrapServers, { partitions: 4, deadLetterPartitions: 2 });
  const env = { ...settingsOf(topics, bootstrapServers), ...servers.local.environment(), DEPENDENCY_WAIT_MS: '300' };
  const [first, second] = await Promise.all(
    [1, 2].map(async () => {
      const environment = await createEnvironment({
        ...{ bundle, exportName: 'storage', env, timeoutMs: 30_000, initTimeoutMs: 60_000 },
        onLog: () => undefined,
      });
      onTestFinished(() => environment.close());
      return environment;
    }),
  );
  const next = createSnapshots({ contracts: 20 });
  const list = Array.from({ length: 40 }, next);
  const records = list.map(({ key, value }, index): InboundRecord => {
    const place = { topic: topics.source, partition: index % 2, offset: index >> 1 };
    return createRecord({ ...place, key, value: index === 7 ? 'no JSON' : value });
  });
  const undone = async (environment: typeof first, from: number, to: number): Promise<unknown> => {
    const result = await environment?.invoke(createEvent(records.slice(from, to)));
    if (result?.kind !== 'response') throw new Error(JSON.stringify(result));
    return (JSON.parse(result.payload) as { batchItemFailures: unknown[] }).batchItemFailures.length;
  };

  expect(await undone(first, 0, 20)).toBe(0);
  expect(await undone(second, 10, 30)).toBe(0);
  await servers.local.stopServer(1);
  expect(await undone(first, 20, 40)).toBe(20);
  await servers.local.startServer(1);
  expect(await undone(first, 20, 40)).toBe(0);

  const stored = list.filter((_, index) => index !== 7).map(({ json }) => json);
  expect(differences(await readStored(await servers.open()), stored)).toEqual([]);
});
