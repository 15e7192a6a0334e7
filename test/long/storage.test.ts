import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openCluster } from '../../infra/cluster/cluster.ts';
import type { Instance } from '../support/instance.ts';
import { coordinatorOf, sharesOf } from '../support/pipeline.ts';
import { startStorageRun } from '../support/storage-run.ts';

const timeout = 300_000;
const rate = 200;

async function ready(instance: Instance): Promise<{ status?: string; waitsForDownstream?: boolean }> {
  return (await (await instance.get('/ready')).json()) as { status?: string; waitsForDownstream?: boolean };
}

test('the primary is stopped for 60 s: partitions wait, nothing is a dead letter, and the backlog drains by itself', {
  timeout,
}, async () => {
  const { servers, instances, settle } = await startStorageRun(rate);
  await sleep(2_000);
  await servers.local.stopServer(1);
  await instances[0].line('A dependency is down: the partition waits');
  await expect.poll(async () => ready(instances[0])).toMatchObject({ status: 'degraded', waitsForDownstream: true });
  await sleep(60_000);
  await servers.local.startServer(1);
  await settle(instances, 120_000);
});

test('failover to the replica, twice', { timeout }, async () => {
  const { servers, instances, settle, stored } = await startStorageRun(rate);
  for (let turn = 0; turn < 2; turn += 1) {
    await sleep(2_000);
    await servers.local.failover();
    const before = await stored();
    await expect.poll(stored, { timeout: 60_000 }).toBeGreaterThan(before + rate);
  }
  await settle(instances, 120_000);
});

test('a replica that hangs holds up nothing', { timeout }, async () => {
  const { servers, instances, settle, stored } = await startStorageRun(rate);
  await servers.local.pause(2);
  onTestFinished(() => servers.local.resume(2));
  const before = await stored();
  await expect.poll(stored, { timeout: 30_000 }).toBeGreaterThan(before + 2 * rate);
  await servers.local.resume(2);
  await settle(instances);
});

test('the broker that coordinates the group is killed, and comes back', { timeout }, async () => {
  const cluster = openCluster(inject('clusterDir'));
  if (!cluster) throw new Error('the cluster of this project is not there');
  const { pipeline, instances, settle, stored } = await startStorageRun(rate);
  await sleep(2_000);
  const broker = await coordinatorOf(pipeline.groupId);
  await cluster.kill(broker);
  onTestFinished(async () => {
    if (cluster.brokers.some(({ state }) => state !== 'running')) await cluster.restart(broker);
  });
  const before = await stored();
  await expect.poll(stored, { timeout: 60_000 }).toBeGreaterThan(before + rate);
  await cluster.restart(broker);
  await settle(instances, 120_000);
});

test('an owner is frozen until another has its partitions, and thaws: it writes nothing more in their name', {
  timeout,
}, async () => {
  const { instances, settle } = await startStorageRun(rate);
  const [frozen, other] = instances;
  await sleep(2_000);
  frozen.send('SIGSTOP');
  await sharesOf([other], 12, 60_000);
  await sleep(3_000);
  frozen.send('SIGCONT');
  await sharesOf(instances, 12, 60_000);
  await settle(instances, 120_000);
});
