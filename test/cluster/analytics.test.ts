import { expect, inject, onTestFinished, test } from 'vitest';
import { buildBundle } from '../../scripts/support/bundle.ts';
import { startTestDatabase } from '../support/database.ts';
import { startInstance } from '../support/instance.ts';
import { headerOf } from '../support/ledger/log.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createLogs, resultOf, windowsByHand } from '../support/market.ts';
import { createPipeline, settingsOf, sharesOf, writeRecords } from '../support/pipeline.ts';

test('waits for storage, and one of two is killed: each result is that of its log, doubled ones the same to the byte', async () => {
  const servers = await startTestDatabase();
  onTestFinished(() => servers.stop());
  const { path: bundle } = await buildBundle({ entry: 'functions/database-main.ts', outfile: 'dist/database.mjs' });
  const pipeline = await createPipeline({
    ...{ bundle, functionName: 'analytics', partitions: 4 },
    env: {
      ...servers.local.environment(),
      KAFKA_SESSION_TIMEOUT_MS: '6000',
      ANALYTICS_WINDOW: '40',
      STORAGE_WAIT_MS: '300',
    },
  });
  const storageGroup = `${pipeline.groupId}-storage`;
  const logs = createLogs(4, {
    ...{ count: 400, symbols: 2, expiries: ['2026-12-31'] },
    ...{ endsAtMs: Date.now(), stepMs: 200, latePercent: 5 },
  });
  await writeRecords(
    pipeline.topics.source,
    logs.flatMap((log, partition) =>
      log.map(({ fields, record }) => ({
        ...{ partition, key: String(fields.symbolId), value: record.value },
        headers: { source: String(record.headers.source) },
      })),
    ),
  );

  const started = ['1', '2'].map((id) => pipeline.start({ TOTAL_INSTANCES: id, STORAGE_GROUP_ID: storageGroup }));
  const [victim, other] = started;
  await sharesOf(started, 4);
  const waits = await other?.line('A dependency is down: the partition waits');
  expect(waits?.error).toMatch(
    /^The group \S+-storage has stored nothing of \S+ partition \d, and offset \d+ needs all before it/,
  );
  // Between two waits it tries again, and waits for nothing.
  await expect
    .poll(async () => (await other?.get('/ready'))?.json())
    .toMatchObject({
      ...{ status: 'degraded', waitsForDownstream: true },
      resources: { database: { servers: [{ role: 'primary' }, { role: 'replica' }] } },
    });

  const metrics = await (await other?.get('/metrics'))?.text();
  expect(metrics).toMatch(/^hft_database_replica_reads_total\{function="analytics"\} [1-9]/m);
  const { OUTPUT_TOPIC: _, ...settings } = settingsOf(pipeline.topics, inject('bootstrapServers'));
  const storage = startInstance({
    ...{ bundle, args: ['storage'] },
    env: { ...settings, ...servers.local.environment(), KAFKA_GROUP_ID: storageGroup },
  });
  await storage.line('Assigned partitions');
  await victim?.kill();
  await pipeline.committed();
  expect(await other?.stop()).toEqual({ code: 0, signal: null });
  expect(await storage.stop()).toEqual({ code: 0, signal: null });

  const { output, deadLetters } = pipeline.topics;
  const read = await readTopics(inject('bootstrapServers'), { output, deadLetters }, { keepValues: true });
  expect(read.deadLetters.partitions.flat()).toEqual([]);
  const results = read.output.partitions.flat();
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const [partition, log] of logs.entries()) {
    const windows = windowsByHand(log, 40, Number.POSITIVE_INFINITY);
    const expected = new Map(
      log.map((one, index) => [`${pipeline.topics.source}/${partition}/${index}`, resultOf(one, windows[index] ?? [])]),
    );
    for (const result of results) {
      const source = headerOf(result, 'source') ?? '';
      const text = expected.get(source);
      if (text === undefined) continue;
      seen.add(source);
      if (String(result.value) !== text) wrong.push(`${source}: ${String(result.value)} in place of ${text}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(seen.size).toBe(1_600);
});
