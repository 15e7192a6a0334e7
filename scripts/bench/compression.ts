import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../support/command.ts';
import { brokerCpuSeconds } from './broker-cpu.ts';
import { runContainer } from './container.ts';
import { fill, freshTopics } from './ground.ts';
import type { CompressionCost } from './report.ts';

const codecs = ['producer', 'gzip', 'zstd'] as const;
/** Of the contracts of a chain, and of the records that are worked off of each: small ones, and a whole chain. */
const loads = [
  { contracts: 2, share: 1 },
  { contracts: 160, share: 0.05 },
] as const;

/**
 * The same backlog, with outputs compressed as their topic asks: what that takes of the instance and of the brokers, and how
 * many bytes are stored. Brokers are told by the directory of their cluster on the command line (Linux).
 */
export async function benchCompression(
  { bootstrapServers, dir }: { readonly bootstrapServers: readonly string[]; readonly dir: string | undefined },
  bundle: string,
  count: number,
  say: (line: string) => void,
): Promise<CompressionCost[]> {
  if (dir === undefined) throw new CommandError('--only compression looks at brokers: unset KAFKA_BOOTSTRAP_SERVERS');
  const costs: CompressionCost[] = [];
  for (const { contracts, share } of loads) {
    const records = Math.round(count * share);
    for (const codec of codecs) {
      const topics = await freshTopics(bootstrapServers, `${codec}-${contracts}`, codec);
      await fill(topics, records, say, contracts);
      const before = brokerCpuSeconds(dir);
      const { cpuUs, records: measured } = await runContainer(topics, bundle, records);
      const brokerUs = ((brokerCpuSeconds(dir) - before) * 1e6) / records;
      const bytes = storedBytes(dir, topics.output) / records;
      costs.push({ contracts, codec, records, instanceUs: cpuUs / measured, brokerUs, bytes });
      say(`${contracts} contracts, ${codec}: ${Math.round(bytes)} bytes a record on one replica`);
    }
  }
  return costs;
}

/** What the segments of a topic hold, over its three replicas, for one. */
function storedBytes(dir: string, topic: string): number {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  const segments = files.filter((file) => file.includes(`/${topic}-`) && file.endsWith('.log'));
  return segments.reduce((sum, file) => sum + statSync(join(dir, file)).size, 0) / 3;
}
