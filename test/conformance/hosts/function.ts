import { isDeepStrictEqual } from 'node:util';
import { inject } from 'vitest';
import { createEnvironment } from '../../../scripts/event-source/environment.ts';
import { type EventSource, startEventSource } from '../../../scripts/event-source/source.ts';
import { createPipeline, type Pipeline, settingsOf } from '../../support/pipeline.ts';
import type { Bundles, Host, Work } from '../work.ts';
import { whileNotStored } from './not-stored.ts';
import { observe, writeWork } from './observe.ts';

const timeoutMs = 20_000;
/** A machine that does other things too takes its time. */
const initTimeoutMs = 60_000;
/** With a deadline that comes a second before it. */
const shortTimeoutMs = 4_000;

/** The target of an event source mapping, under the real runtime client, behind the local event source. */
export const functionHost: Host = {
  name: 'function',
  async run(work, bundles) {
    const { functionName, partitions, deadLetterPartitions, trouble } = work;
    const bundle = bundleOf(work, bundles);
    const pipeline = await createPipeline({ functionName, bundle, partitions, deadLetterPartitions });
    await writeWork(pipeline, work);
    const log: string[] = [];
    const sources: EventSource[] = [];
    const start = async () => void sources.push(await startSource(pipeline, work, bundle, log));
    try {
      if (work.records.length === 0) await sendNothing(functionOf(pipeline, work, bundle));
      const stored = trouble !== 'dead letters not stored' && trouble !== 'outputs not stored';
      const course = stored ? await start() : await whileNotStored(pipeline, work, start);
      await pipeline.committed(120_000);
      for (const source of sources) await source.stop();
      return {
        ...(await observe(pipeline)),
        filtered: filteredBy(log),
        ...(course && { meanwhile: course.meanwhile }),
      };
    } catch (error) {
      throw new Error(`${String(error)}\n${log.slice(-20).join('\n')}`);
    } finally {
      for (const source of sources) await source.stop();
    }
  },
};

function startSource(pipeline: Pipeline, work: Work, bundle: string, log: string[]): Promise<EventSource> {
  const bootstrapServers = inject('bootstrapServers');
  return startEventSource({
    ...{ bootstrapServers, topic: pipeline.topics.source, groupId: pipeline.groupId },
    batchSize: 10_000,
    windowMs: 200,
    function: functionOf(pipeline, work, bundle),
    onLog: (line) => void log.push(line),
    onNotice: (line) => void log.push(line),
  });
}

function functionOf(pipeline: Pipeline, work: Work, bundle: string) {
  const env = {
    ...settingsOf(pipeline.topics, inject('bootstrapServers')),
    ...{ DEPENDENCY_WAIT_MS: '300', DEADLINE_MARGIN_MS: '1000' },
  };
  const ownTimeoutMs = work.trouble ? shortTimeoutMs : timeoutMs;
  return { bundle, exportName: work.functionName, env, timeoutMs: ownTimeoutMs };
}

/** Events without records, as no poller sends them: nothing of them is left undone. */
async function sendNothing(options: ReturnType<typeof functionOf>): Promise<void> {
  const environment = await createEnvironment({ ...options, initTimeoutMs });
  try {
    for (const records of [{}, { 'in-0': [] }]) {
      const result = await environment.invoke({ eventSource: 'aws:kafka', records });
      const answer = result.kind === 'response' ? JSON.parse(result.payload) : result;
      if (!isDeepStrictEqual(answer, { batchItemFailures: [] })) {
        throw new Error(`An event without records was answered with ${JSON.stringify(answer)}`);
      }
    }
  } finally {
    await environment.close();
  }
}

function bundleOf(work: Work, { shipped, fixtures }: Bundles): string {
  return work.shipped ? shipped : fixtures;
}

/** As its log says: nobody can ask a function for its metrics. */
export function filteredBy(log: readonly string[]): number {
  return log
    .filter((line) => line.includes('"msg":"Event handled"'))
    .map((line): unknown => JSON.parse(line).filtered)
    .reduce((sum: number, count) => sum + Number(count), 0);
}
