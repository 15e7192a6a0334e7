import { setTimeout as sleep } from 'node:timers/promises';
import { inject, onTestFinished, test } from 'vitest';
import { type LocalCluster, openCluster } from '../../infra/cluster/cluster.ts';
import { assertClean } from '../support/ledger/format.ts';
import { coordinatorOf, createPipeline } from '../support/pipeline.ts';

type Loss = (cluster: LocalCluster, id: number) => Promise<void>;

const losses: readonly [name: string, lose: Loss, awayMs: number][] = [
  ['stopped', (cluster, id) => cluster.stopBroker(id), 1_000],
  // A killed broker leads on, for the controllers, until its session of 9 s is over.
  ['killed', (cluster, id) => cluster.kill(id), 11_000],
];

test.for(losses)(
  'the broker that coordinates the group is %s and started again under load',
  async ([, lose, awayMs], { annotate }) => {
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
    await sleep(awayMs);
    await cluster.restart(broker);
    await sleep(2_000);

    await writer.stop();
    await pipeline.committed();
    await Promise.all(instances.map((instance) => instance.stop()));
    const verdict = await pipeline.verdict();
    await annotate(`${verdict.duplicates.total} duplicates; silence ${Math.max(...verdict.longestSilenceMs)} ms`);
    assertClean(verdict, { allowDuplicates: 200, allowUncommitted: 0 });
  },
);
