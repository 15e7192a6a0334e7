import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Feed, startFeed } from '../feed/start.ts';
import { CommandError } from '../support/command.ts';
import { brokerCpuSeconds } from './broker-cpu.ts';
import {
  type BenchedInstance,
  type BenchTopics,
  bareLoopArgs,
  contractsInContainer,
  startBenched,
} from './container.ts';
import { memory, optionsOf, unhinderedBrokers, withTopics } from './ground.ts';
import { findHalfLoad, firstRate, idleSeconds } from './half-load.ts';
import type { ReadLatencies } from './latency-reader.ts';
import type { Latency, LatencyResult, Quantiles } from './report.ts';
import { startTelling } from './tell.ts';

const measuredMs = 30_000;
/** Brokers are warm by then, the processes new. */
const nextWarmUpSeconds = 20;

/** How the latency run is done. */
export interface LatencyRun {
  /** Records a second, or what leaves half of the machine idle with ours: found in the second half of warming up. */
  readonly rate: number | 'half';
  readonly warmUpSeconds: number;
  /** The directory of the cluster, when it is ours: its brokers' CPU is told then. */
  readonly dir: string | undefined;
}

/**
 * From the timestamp that the feed wrote into a snapshot until a reader has the record in its hands: the raw one, which is
 * the feed's and the brokers' part of it, and the enriched one, with when it was sent in between. Feed, instance and reader
 * are three processes, as they are in life. Counted from when all are warm: brokers have their code compiled for a minute,
 * on a core that nothing else then has. Wall time: other work on the machine is in it. So the same is then asked of a bare
 * kafkajs loop, on brokers that are warmer.
 */
export async function benchLatency(
  bootstrapServers: readonly string[],
  bundle: string,
  run: LatencyRun,
  say: Say,
): Promise<LatencyResult> {
  const { rate, ...ours } = await withTopics(bootstrapServers, 'latency', (topics) =>
    measure(topics, run, say, (on, group) => startBenched(on, bundle, group)),
  );
  const next = { ...run, rate, warmUpSeconds: Math.min(run.warmUpSeconds, nextWarmUpSeconds) };
  const { rate: _, ...bare } = await withTopics(bootstrapServers, 'latency-bare', (topics) =>
    measure(topics, next, say, (on, group) => startTelling(bareLoopArgs(on, group, 0, 'echo'))),
  );
  const where =
    run.dir === undefined
      ? {}
      : { dataInMemory: run.dir.startsWith(memory), brokerOptions: optionsOf(unhinderedBrokers) };
  const half = run.rate === 'half';
  return { rate, half, cores: availableParallelism(), ...where, seconds: measuredMs / 1_000, ...ours, bare };
}

type Say = (line: string) => void;

async function measure(
  topics: BenchTopics,
  { rate, warmUpSeconds, dir }: LatencyRun,
  say: Say,
  start: (topics: BenchTopics, group: string) => Promise<BenchedInstance>,
): Promise<Latency & { readonly rate: number }> {
  const { bootstrapServers, source, output } = topics;
  const instance = await start(topics, `bench-latency-${process.pid}-${Date.now()}`);
  const reader = startReader([bootstrapServers.join(','), source, output]);
  let feed: Feed | undefined;
  try {
    await reader.line();
    feed = await startFeed({
      bootstrapServers,
      topic: source,
      rate: rate === 'half' ? firstRate : rate,
      contracts: contractsInContainer,
      symbols: 2_400,
    });
    const searchMs = rate === 'half' ? warmUpSeconds * 500 : 0;
    const pace = rate === 'half' ? 'so that half of the machine is idle' : `${rate} records/s`;
    say(`feeding ${pace}, for ${warmUpSeconds} s until all are warm, and for ${measuredMs / 1_000} that count ...`);
    await sleep(warmUpSeconds * 1_000 - searchMs);
    const fed = rate === 'half' ? await findHalfLoad(feed, searchMs) : rate;
    const usage = async (): Promise<Usage> => ({
      atMs: performance.now(),
      instance: (await instance.sample()).cpuSeconds,
      brokers: dir === undefined ? Number.NaN : brokerCpuSeconds(dir),
      idle: idleSeconds(),
    });
    const before = await usage();
    reader.process.stdin?.write('count\n');
    await sleep(measuredMs);
    const after = await usage();
    reader.process.kill('SIGTERM');
    const [raw, enriched] = JSON.parse(await reader.line()) as ReadLatencies[];
    await feed.stop();
    if (raw === undefined || enriched === undefined || enriched.readMs.length === 0)
      throw new CommandError('the reader saw no enriched record');
    const cores = (of: 'instance' | 'brokers' | 'idle'): number =>
      ((after[of] - before[of]) * 1_000) / (after.atMs - before.atMs);
    return {
      ...{ rate: fed, warmUpSeconds, records: enriched.readMs.length },
      ...{ rawMs: quantiles(raw.readMs), sentMs: quantiles(enriched.sentMs), enrichedMs: quantiles(enriched.readMs) },
      ...{ instanceCores: cores('instance'), idleCores: cores('idle') },
      ...(dir === undefined ? {} : { brokerCores: cores('brokers') }),
    };
  } finally {
    await feed?.stop().catch(() => undefined); // what failed first is told
    reader.process.kill('SIGKILL');
    await instance.stop();
  }
}

/** CPU seconds so far: of the instance, of all brokers, and of nobody. */
interface Usage {
  readonly atMs: number;
  readonly instance: number;
  readonly brokers: number;
  readonly idle: number;
}

function startReader(args: readonly string[]): { readonly process: ChildProcess; line(): Promise<string> } {
  const script = new URL('./latency-reader.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
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
