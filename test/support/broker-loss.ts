import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished } from 'vitest';
import { type LocalCluster, openCluster } from '../../infra/cluster/cluster.ts';
import { ledgerClient, logBounds } from './ledger/client.ts';
import { assertClean } from './ledger/format.ts';
import { coordinatorOf, createPipeline } from './pipeline.ts';

// A killed broker leads on, for the controllers, until its session of 9 s is over.
const failoverTimeoutMs = 60_000;
/** Both brokers and instances recover without losing track of a commit; a machine that is short of time may. */
const allowDuplicates = 100;

/** Waits until each partition of the topic has a leader, and takes records from now on. */
async function everyPartitionMoves(topic: string): Promise<void> {
  const ends = async (): Promise<number[]> => {
    const kafka = ledgerClient(inject('bootstrapServers'));
    const [bounds = []] = await logBounds(kafka, [topic], Date.now() + failoverTimeoutMs);
    return bounds.map(({ high }) => high);
  };
  const before = await ends();
  await expect
    .poll(async () => (await ends()).flatMap((end, partition) => (end > (before[partition] ?? 0) ? [] : [partition])), {
      timeout: failoverTimeoutMs,
    })
    .toEqual([]);
}

/**
 * Loses the broker that coordinates the group, under load, and gets it back: nothing is lost or out of order, all is
 * committed, and instances end well. Returns what was doubled and how long a partition stood still, in words.
 */
export async function loseCoordinator(lose: (cluster: LocalCluster, id: number) => Promise<void>): Promise<string> {
  const cluster = openCluster(inject('clusterDir'));
  if (!cluster) throw new Error('the cluster of this project is not there');
  const pipeline = await createPipeline({ prefix: 'loss' });
  const instances = await pipeline.startAll(2);
  const writer = await pipeline.write({ rate: 200, keys: 60, poison: { share: 0.02 } });
  await sleep(1_000);

  const broker = await coordinatorOf(pipeline.groupId);
  onTestFinished(async () => {
    if (cluster.brokers.some(({ state }) => state !== 'running')) await cluster.restart(broker);
  });
  await lose(cluster, broker);
  await everyPartitionMoves(pipeline.topics.output);
  await cluster.restart(broker);
  await everyPartitionMoves(pipeline.topics.output);

  await writer.stop();
  await pipeline.committed();
  const exits = await Promise.all(instances.map((instance) => instance.stop()));
  const verdict = await pipeline.verdict();
  assertClean(verdict, { allowDuplicates, allowUncommitted: 0 });
  expect(exits).toEqual(instances.map(() => ({ code: 0, signal: null })));
  return `${verdict.duplicates.total} duplicates; silence ${Math.max(...verdict.longestSilenceMs)} ms`;
}
