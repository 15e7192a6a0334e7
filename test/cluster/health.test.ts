import { dirname, join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { buildFixtures } from '../support/fixture-bundle.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createPipeline, shippedBundle, writeRecords } from '../support/pipeline.ts';
import { parseMetrics, total } from './prometheus.ts';

test('health and metrics of a working instance, by the letter of HTTP and of Prometheus', async () => {
  const pipeline = await createPipeline({ partitions: 6 });
  const [instance] = await pipeline.startAll(1);
  if (!instance) throw new Error('no instance');
  const writer = await pipeline.write({ rate: 1_000, keys: 12, count: 200, poison: { share: 0.1 } });
  await writer.done;
  await pipeline.committed();

  for (const path of ['/live', '/ready', '/ready?verbose=1']) {
    const response = await instance.get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ status: 'ok', reasons: [], waitsForDownstream: false });
  }
  expect((await instance.get('/live', { method: 'HEAD' })).status).toBe(200);
  const posted = await instance.get('/live', { method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect((await instance.get('/other')).status).toBe(404);

  const response = await instance.get('/metrics');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const metrics = parseMetrics(await response.text());
  const dead = total(metrics, 'hft_records_dead_total');
  expect(metrics.every(({ labels }) => labels.function === 'processor')).toBe(true);
  expect(total(metrics, 'hft_records_in_total')).toBe(200);
  expect(total(metrics, 'hft_records_out_total') + dead).toBe(200);
  expect(dead).toBe(
    total(metrics, 'hft_records_dead_total', { code: 'DECODE_FAILED' }) +
      total(metrics, 'hft_records_dead_total', { code: 'CONTRACT_VIOLATED' }),
  );
  expect(total(metrics, 'hft_latency_seconds_count')).toBe(200 - dead);
  expect(total(metrics, 'hft_assigned_partitions')).toBe(6);
  expect(total(metrics, 'hft_rebalances_total')).toBeGreaterThanOrEqual(1);
  expect(total(metrics, 'hft_commits_total')).toBeGreaterThan(0);
  expect(metrics.filter(({ name }) => name === 'hft_lag_records').map(({ value }) => value)).toEqual([
    0, 0, 0, 0, 0, 0,
  ]);
  for (const name of ['cpu_seconds_total', 'cpu_seconds_per_record', 'resident_memory_bytes']) {
    expect(total(metrics, `hft_${name}`)).toBeGreaterThan(0);
  }
  expect(await instance.stop()).toEqual({ code: 0, signal: null });
});

test('an instance of which one partition stands still without a reason ends with code 1, and the next goes on', async ({
  onTestFinished,
}) => {
  const bundle = await buildFixtures(await shippedBundle());
  onTestFinished(() => bundle.remove());
  const env = { WATCHDOG_MS: '5000' };
  const pipeline = await createPipeline({ functionName: 'interrupted', bundle: bundle.path, partitions: 2, env });
  const instance = pipeline.start();
  const write = (partition: number, value: object) =>
    writeRecords(pipeline.topics.source, [{ partition, key: 'key', value: JSON.stringify(value) }]);
  const file = join(dirname(bundle.path), 'interrupted-once');
  await write(0, { do: 'stay', id: 'at last', file });
  await instance.line('Interrupted handler begins');
  let ended = false;
  void instance.exited.then(() => {
    ended = true;
  });
  let moved = 0;
  for (; !ended; moved += 1) await write(1, { do: 'one', id: 'moving' });

  expect(await instance.exited).toEqual({ code: 1, signal: null });
  expect(moved).toBeGreaterThan(10);
  expect(instance.lines.at(-1)?.msg).toMatch(
    /^The watchdog ends this instance: partition 0 has stood still at offset 0, try 1 for \d+ ms\. Its partitions go to the others\.$/,
  );
  const next = pipeline.start();
  await pipeline.committed();
  await next.stop();
  const { output } = await readTopics(inject('bootstrapServers'), pipeline.topics, { keepValues: true });
  expect(output.partitions[0]?.map(({ value }) => String(value))).toEqual(['at last']);
});
