import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFeed } from '../feed/start.ts';
import { CommandError } from '../support/command.ts';
import { type BenchTopics, contractsInContainer, startBenched } from './container.ts';
import type { ReadLatencies } from './latency-reader.ts';
import type { LatencyResult, Quantiles } from './report.ts';

const warmUpMs = 15_000;
const measuredMs = 30_000;

/**
 * From the timestamp that the feed wrote into a snapshot until a reader has the record in its hands: the raw one, which is
 * the feed's and the brokers' part of it, and the enriched one, with when it was sent in between. Feed, instance and reader
 * are three processes, as they are in life. Wall time: other work on the machine is in it.
 */
export async function benchLatency(
  topics: BenchTopics,
  bundle: string,
  rate: number,
  say: (line: string) => void,
): Promise<LatencyResult> {
  const { bootstrapServers, source, output } = topics;
  const instance = await startBenched(topics, bundle, `bench-latency-${process.pid}-${Date.now()}`);
  const reader = startReader([bootstrapServers.join(','), String(warmUpMs), source, output]);
  try {
    await reader.line();
    const feed = await startFeed({
      bootstrapServers,
      topic: source,
      rate,
      contracts: contractsInContainer,
      symbols: 2_400,
    });
    say(
      `feeding ${rate} records/s for ${(warmUpMs + measuredMs) / 1_000} s, of which the last ${measuredMs / 1_000} count ...`,
    );
    const cpu = await instance.sample();
    await sleep(warmUpMs + measuredMs);
    const { cpuSeconds } = await instance.sample();
    await feed.stop();
    reader.process.kill('SIGTERM');
    const [raw, enriched] = JSON.parse(await reader.line()) as ReadLatencies[];
    if (raw === undefined || enriched === undefined || enriched.readMs.length === 0)
      throw new CommandError('the reader saw no enriched record');
    return {
      ...{ rate, seconds: measuredMs / 1_000, records: enriched.readMs.length },
      ...{ rawMs: quantiles(raw.readMs), sentMs: quantiles(enriched.sentMs), enrichedMs: quantiles(enriched.readMs) },
      instanceCores: ((cpuSeconds - cpu.cpuSeconds) * 1_000) / (warmUpMs + measuredMs),
    };
  } finally {
    reader.process.kill('SIGKILL');
    await instance.stop();
  }
}

function startReader(args: readonly string[]): { readonly process: ChildProcess; line(): Promise<string> } {
  const script = new URL('./latency-reader.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: Interface = createInterface({ input: child.stdout });
  return {
    process: child,
    async line() {
      const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [])])) as [string?];
      if (line === undefined) throw new CommandError('The reader of the latency run ended before its time.');
      return line;
    },
  };
}

function quantiles(latencies: readonly number[]): Quantiles {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
