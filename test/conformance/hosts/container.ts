import { parseMetrics, total } from '../../cluster/prometheus.ts';
import type { EndOfTest, Instance } from '../../support/instance.ts';
import { createPipeline, type Pipeline } from '../../support/pipeline.ts';
import type { Host, Trouble, Work } from '../work.ts';
import { type Course, through } from './container-troubles.ts';
import { whileNotStored } from './not-stored.ts';
import { observe, writeWork } from './observe.ts';

/** Only a drain commits: what it did, and a loss did not, can be told. */
const hardlyCommitting = { KAFKA_COMMIT_INTERVAL_MS: '60000' };
const settings: Readonly<Partial<Record<Trouble, Readonly<Record<string, string>>>>> = {
  'partitions revoked': { ...hardlyCommitting, DRAIN_DEADLINE_MS: '20000' },
  'partitions lost': hardlyCommitting,
};

/** One instance of the group, as a process of the bundle; two where partitions go from one to the other. */
export const container: Host = {
  name: 'container',
  async run(work, { shipped, fixtures }) {
    const ends: EndOfTest[] = [];
    const pipeline = await createPipeline({
      functionName: work.functionName,
      bundle: work.shipped ? shipped : fixtures,
      partitions: work.partitions,
      deadLetterPartitions: work.deadLetterPartitions,
      env: {
        ...{ KAFKA_SESSION_TIMEOUT_MS: '6000', DRAIN_DEADLINE_MS: '500' },
        ...(work.trouble && settings[work.trouble]),
      },
      onTestFinished: (end) => void ends.push(end),
    });
    try {
      await writeWork(pipeline, work);
      const { instances, meanwhile } = await course(pipeline, work);
      if (!(work.trouble && settings[work.trouble])) await pipeline.committed(120_000);
      const filtered = await Promise.all(instances.map(filteredBy));
      await Promise.all(instances.map((instance) => instance.stop()));
      return {
        ...(await observe(pipeline)),
        filtered: filtered.reduce((sum, count) => sum + count, 0),
        ...(meanwhile && { meanwhile }),
      };
    } finally {
      for (const end of ends) await end({ task: {} });
    }
  },
};

async function course(pipeline: Pipeline, work: Work): Promise<Course> {
  const start = async () => pipeline.start();
  if (work.trouble === undefined) {
    const instance = await start();
    await instance.line('Assigned partitions');
    return { instances: [instance] };
  }
  if (work.trouble === 'dead letters not stored' || work.trouble === 'outputs not stored') {
    const { running, meanwhile } = await whileNotStored(pipeline, work, start);
    return { instances: [running], meanwhile };
  }
  return await through(work.trouble, pipeline, work);
}

async function filteredBy(instance: Instance): Promise<number> {
  return total(parseMetrics(await (await instance.get('/metrics')).text()), 'hft_records_filtered_total');
}
