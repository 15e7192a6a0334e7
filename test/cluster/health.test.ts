import { expect, test } from 'vitest';
import { buildFixtures } from '../support/fixture-bundle.ts';
import { createPipeline, shippedBundle } from '../support/pipeline.ts';
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

test('an instance that stands still without a reason ends with code 1, and leaves its records to the next', async ({
  onTestFinished,
}) => {
  const bundle = await buildFixtures(await shippedBundle());
  onTestFinished(() => bundle.remove());
  const pipeline = await createPipeline({
    functionName: 'stuck',
    bundle: bundle.path,
    partitions: 2,
    env: { WATCHDOG_MS: '5000' },
  });
  const instance = pipeline.start();
  await (await pipeline.write({ rate: 1_000, keys: 2, count: 3 })).done;
  await instance.line('Stuck handler begins');

  expect(await instance.exited).toEqual({ code: 1, signal: null });
  expect(instance.lines.at(-1)?.msg).toMatch(
    /^The watchdog ends this instance: \d+ records wait and none has moved for \d+ ms\. Its partitions go to the others\.$/,
  );
  const { counts, uncommitted } = await pipeline.verdict();
  expect({ ...counts, uncommitted }).toMatchObject({
    inputs: 3,
    outputs: 0,
    deadLetters: 0,
    commits: 0,
    uncommitted: 3,
  });
});
