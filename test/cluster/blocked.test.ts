import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openCluster } from '../../infra/cluster/cluster.ts';
import type { Instance } from '../support/instance.ts';
import { assertClean } from '../support/ledger/format.ts';
import { configureTopic, coordinatorOf, createPipeline, type Pipeline } from '../support/pipeline.ts';
import { parseMetrics, total } from './prometheus.ts';

interface Health {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly waitsForDownstream: boolean;
}

/** Alive, ready and degraded, for the reason that this topic cannot be written. */
async function expectDegraded(instance: Instance, topic: string): Promise<void> {
  await expect
    .poll(async () => (await (await instance.get('/ready')).json()) as Health, { timeout: 30_000 })
    .toEqual({ status: 'degraded', reasons: [`topic ${topic} cannot be written`], waitsForDownstream: true });
  expect((await instance.get('/ready')).status).toBe(200);
  expect((await instance.get('/live')).status).toBe(200);
}

/** After the topic was mended: nothing lost or doubled, in order, and no commit ahead of what was done. */
async function expectRecovery(pipeline: Pipeline, instance: Instance): Promise<void> {
  await instance.line('Publishing works again');
  await pipeline.committed();
  expect(await (await instance.get('/ready')).json()).toEqual({ status: 'ok', reasons: [], waitsForDownstream: false });
  expect(await instance.stop()).toEqual({ code: 0, signal: null });
  assertClean(await pipeline.verdict(), { allowDuplicates: 0, allowUncommitted: 0 });
}

test('a dead-letter topic that takes nothing: its partitions wait, uncommitted, until it does', async () => {
  const pipeline = await createPipeline({ partitions: 6 });
  const { deadLetters } = pipeline.topics;
  await configureTopic(deadLetters, { 'max.message.bytes': '64' });
  const instance = pipeline.start();
  const writer = await pipeline.write({ rate: 300, keys: 30, count: 600, poison: { share: 0.03 } });
  await writer.done;
  await expectDegraded(instance, deadLetters);
  await sleep(1_000);

  const before = parseMetrics(await (await instance.get('/metrics')).text());
  expect(total(before, 'hft_records_dead_total')).toBe(0);
  expect(total(before, 'hft_lag_records')).toBeGreaterThan(0);
  await expect(pipeline.committed(500)).rejects.toThrow('has not committed all');

  await configureTopic(deadLetters, {});
  await expectRecovery(pipeline, instance);
});

test('a broker that hangs, and with it the third replica that outputs need: nothing overtakes, nothing is committed', async () => {
  const cluster = openCluster(inject('clusterDir'));
  if (!cluster) throw new Error('the cluster of this project is not there');
  const pipeline = await createPipeline({ partitions: 6 });
  const { output } = pipeline.topics;
  const [instance] = await pipeline.startAll(1);
  if (!instance) throw new Error('no instance');
  const writer = await pipeline.write({ rate: 200, keys: 30 });
  await sleep(500);

  await configureTopic(output, { 'min.insync.replicas': '3' });
  const frozen = ((await coordinatorOf(pipeline.groupId)) % 3) + 1;
  onTestFinished(() => cluster.resume(frozen));
  await cluster.pause(frozen);
  await expectDegraded(instance, output);
  // What is behind a stuck output waits with it: the ledger will see that no commit went past.
  const before = parseMetrics(await (await instance.get('/metrics')).text());
  expect(total(before, 'hft_lag_records')).toBeGreaterThan(0);

  await cluster.resume(frozen);
  await writer.stop();
  await expectRecovery(pipeline, instance);
});
