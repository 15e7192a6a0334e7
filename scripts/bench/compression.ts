import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../support/command.ts';
import { brokerCpuSeconds } from './broker-cpu.ts';
import { benchCodecs } from './codecs.ts';
import { type BenchTopics, runContainer, type Sample } from './container.ts';
import { fill, withTopics } from './ground.ts';
import type { CompressionResult, TopicPacking } from './report.ts';
import { stallGuard } from './stall.ts';
import { startTelling } from './tell.ts';

/** LZ4 is the brokers': outputs go there as they are. */
const codecs = ['producer', 'gzip', 'lz4', 'zstd'] as const;
/** Of the contracts of a chain, and of the records that are worked off of each: small ones, and a whole chain. */
const loads = [
  { contracts: 2, share: 0.4 },
  { contracts: 160, share: 0.02 },
] as const;

/**
 * The same backlog, with outputs compressed as their topic asks: what that takes of the instance and the brokers, then of a
 * reader of the outputs and the brokers, and how many bytes are stored; and the codecs by themselves. Brokers are told by the directory of
 * their cluster on the command line (Linux).
 */
export async function benchCompression(
  { bootstrapServers, dir }: { readonly bootstrapServers: readonly string[]; readonly dir: string | undefined },
  bundle: string,
  count: number,
  say: (line: string) => void,
): Promise<CompressionResult> {
  if (dir === undefined) throw new CommandError('--only compression looks at brokers: unset KAFKA_BOOTSTRAP_SERVERS');
  const topicCosts: TopicPacking[] = [];
  // Brokers that are cold take twice as much: the first codec is not to pay for that.
  await withTopics(bootstrapServers, 'warm-up', async (topics) => {
    await fill(topics, count, say);
    await runContainer(topics, bundle, count);
  });
  for (const { contracts, share } of loads) {
    const records = Math.round(count * share);
    for (const codec of codecs) {
      const use = async (topics: BenchTopics): Promise<void> => {
        await fill(topics, records, say, contracts);
        const before = brokerCpuSeconds(dir);
        const { cpuUs, records: measured } = await runContainer(topics, bundle, records);
        const brokerUs = ((brokerCpuSeconds(dir) - before) * 1e6) / records;
        const bytes = storedBytes(dir, topics.output) / records;
        const beforeRead = brokerCpuSeconds(dir);
        const readerUs = await readBack(topics, records);
        const brokerReadUs = ((brokerCpuSeconds(dir) - beforeRead) * 1e6) / records;
        const instanceUs = cpuUs / measured;
        topicCosts.push({ contracts, codec, records, instanceUs, brokerUs, readerUs, brokerReadUs, bytes });
        say(`${contracts} contracts, ${codec}: ${Math.round(bytes)} bytes a record on one replica`);
      };
      await withTopics(bootstrapServers, `${codec}-${contracts}`, use, codec);
    }
  }
  return { topics: topicCosts, codecs: await benchCodecs() };
}

/** CPU microseconds a record of a reader of all outputs, its start and the first tenth left out. */
async function readBack({ bootstrapServers, output }: BenchTopics, records: number): Promise<number> {
  const script = new URL('./reader-loop.ts', import.meta.url).pathname;
  const reader = await startTelling([script, bootstrapServers.join(','), output, `bench-read-${output}`]);
  try {
    const goesOn = stallGuard('the reader');
    let start: Sample | undefined;
    for (;;) {
      const sample = await reader.sample();
      goesOn(sample.recordsOut);
      if (sample.recordsOut >= records / 10) start ??= sample;
      if (start !== undefined && sample.recordsOut >= records) {
        const left = sample.recordsOut - start.recordsOut;
        if (left === 0)
          throw new CommandError('the reader was done before it was looked at twice: give more --records');
        return ((sample.cpuSeconds - start.cpuSeconds) * 1e6) / left;
      }
      await sleep(50);
    }
  } finally {
    await reader.stop();
  }
}

/** What the segments of a topic hold, over its three replicas, for one. */
function storedBytes(dir: string, topic: string): number {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  const segments = files.filter((file) => file.includes(`/${topic}-`) && file.endsWith('.log'));
  return segments.reduce((sum, file) => sum + statSync(join(dir, file)).size, 0) / 3;
}
