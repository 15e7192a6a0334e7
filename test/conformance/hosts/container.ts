import { setTimeout as sleep } from 'node:timers/promises';
import type { EndOfTest } from '../../support/instance.ts';
import { createPipeline, type Pipeline } from '../../support/pipeline.ts';
import type { Host, Work } from '../work.ts';
import { observe, writeWork } from './observe.ts';

/** One instance of the group, as a process of the bundle. */
export const container: Host = {
  name: 'container',
  async run(work, { shipped, fixtures }) {
    const ends: EndOfTest[] = [];
    const pipeline = await createPipeline({
      functionName: work.functionName,
      bundle: work.shipped ? shipped : fixtures,
      partitions: work.partitions,
      deadLetterPartitions: work.deadLetterPartitions,
      env: { KAFKA_SESSION_TIMEOUT_MS: '6000', DRAIN_DEADLINE_MS: '500' },
      onTestFinished: (end) => void ends.push(end),
    });
    try {
      await writeWork(pipeline, work);
      if (work.interruption !== undefined) await interrupt(pipeline, work.interruption);
      const instance = pipeline.start();
      await pipeline.committed(120_000);
      await instance.stop();
      return await observe(pipeline);
    } finally {
      for (const end of ends) await end({ task: {} });
    }
  },
};

/** The end of an instance whose handler does not end: told to stop it leaves in time; one that loops is killed. */
async function interrupt(pipeline: Pipeline, what: NonNullable<Work['interruption']>): Promise<void> {
  const instance = pipeline.start();
  await instance.line('Interrupted handler begins');
  if (what === 'deadline') {
    const { code } = await instance.stop();
    if (code !== 0) throw new Error(`The instance ended with ${code} when it was told to stop`);
    return;
  }
  // Nothing of the process runs any more: its liveness probe says so, and whoever runs it ends it.
  const answered = await Promise.race([instance.get('/live').then(() => true), sleep(2_000, false)]);
  if (answered) throw new Error('An instance in an endless loop says that it lives');
  await instance.kill();
}
