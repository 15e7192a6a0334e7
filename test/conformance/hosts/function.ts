import { inject } from 'vitest';
import { startEventSource } from '../../../scripts/event-source/source.ts';
import { createPipeline, settingsOf } from '../../support/pipeline.ts';
import type { Host } from '../work.ts';
import { observe, writeWork } from './observe.ts';

const timeoutMs = 20_000;
const shortTimeoutMs = 5_000;

/** The target of an event source mapping, under the real runtime client, behind the local event source. */
export const functionHost: Host = {
  name: 'function',
  async run(work, { shipped, fixtures }) {
    const { functionName, partitions, deadLetterPartitions } = work;
    const bundle = work.shipped ? shipped : fixtures;
    const pipeline = await createPipeline({ functionName, bundle, partitions, deadLetterPartitions });
    await writeWork(pipeline, work);
    const bootstrapServers = inject('bootstrapServers');
    const log: string[] = [];
    const source = await startEventSource({
      ...{ bootstrapServers, topic: pipeline.topics.source, groupId: pipeline.groupId },
      batchSize: 10_000,
      windowMs: 200,
      function: {
        ...{ bundle, exportName: functionName },
        env: { ...settingsOf(pipeline.topics, bootstrapServers), DEPENDENCY_WAIT_MS: '300' },
        timeoutMs: work.interruption ? shortTimeoutMs : timeoutMs,
      },
      onLog: (line) => void log.push(line),
      onNotice: (line) => void log.push(line),
    });
    try {
      await pipeline.committed(120_000);
    } catch (error) {
      throw new Error(`${String(error)}\n${log.slice(-20).join('\n')}`);
    } finally {
      await source.stop();
    }
    return await observe(pipeline);
  },
};
