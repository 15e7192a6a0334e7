import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../support/command.ts';
import type { LoopMode } from './loop-work.ts';
import type { Span } from './stage-of.ts';
import { stallGuard } from './stall.ts';

/** What a run over a backlog took, starting up and the first tenth left out. */
export interface LoopCost {
  readonly records: number;
  readonly cpuUs: number;
  readonly wallMs: number;
  /** When that was. */
  readonly span: Span;
}

/** Where a run reads and writes. */
export interface BenchTopics {
  readonly bootstrapServers: readonly string[];
  readonly source: string;
  readonly output: string;
  readonly deadLetters: string;
}

/** What an instance says of itself. */
export interface Sample {
  /** Partitions that it owns. */
  readonly partitions: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Of each record of the container's and the function's runs. */
export const contractsInContainer = 2;

const samplePauseMs = 100;
const leastPerMs = 1;
const mostFailedLooks = 20;

/** Runs a bare loop over the whole backlog. */
export async function runBareLoop(
  topics: BenchTopics,
  count: number,
  mode: LoopMode,
  nodeFlags: readonly string[] = [],
  client: BareClient = 'kafkajs',
): Promise<LoopCost> {
  const args = bareLoopArgs(topics, `bench-bare-${process.pid}-${Date.now()}`, count, mode, client);
  const child = spawn(process.execPath, [...nodeFlags, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  // It says nothing until it is done: less than a tenth of what the slowest did is not slow but stalled.
  const limitMs = 60_000 + count / leastPerMs;
  let stalled = false;
  const late = setTimeout(() => {
    stalled = true;
    child.kill('SIGKILL');
  }, limitMs);
  try {
    for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as LoopCost;
    const why = stalled ? `was ended after ${Math.round(limitMs / 1_000)} s,` : 'ended';
    throw new CommandError(`The bare loop of ${client} ${why} without a result.`);
  } finally {
    clearTimeout(late);
    await end(child, 'SIGKILL');
  }
}

/** The clients that there is a bare loop of. */
export type BareClient = keyof typeof bareLoops;

const bareLoops = {
  kafkajs: new URL('./bare-loop.ts', import.meta.url).pathname,
  platformatic: new URL('./platformatic-loop.ts', import.meta.url).pathname,
};

/** The command line of a bare loop. With a count of 0 that of kafkajs goes on, telling of itself (`tell.ts`), until it is ended. */
export function bareLoopArgs(
  { bootstrapServers, source, output }: BenchTopics,
  group: string,
  count: number,
  mode: LoopMode,
  client: BareClient = 'kafkajs',
): string[] {
  return [bareLoops[client], bootstrapServers.join(','), source, output, group, String(count), mode];
}

/** Runs the built container over the whole backlog; `onSample` sees its resident memory on the way. */
export async function runContainer(
  topics: BenchTopics,
  bundle: string,
  count: number,
  onSample: (residentBytes: number) => void = () => undefined,
  nodeFlags: readonly string[] = [],
): Promise<LoopCost> {
  const instance = await startBenched(topics, bundle, `bench-ours-${process.pid}-${Date.now()}`, nodeFlags);
  try {
    const goesOn = stallGuard('the container');
    let start: (Sample & { readonly wallMs: number; readonly atUs: number }) | undefined;
    for (;;) {
      const sample = await instance.sample();
      onSample(sample.residentBytes);
      goesOn(sample.recordsOut);
      if (start === undefined && sample.recordsIn >= count / 10) {
        start = { ...sample, wallMs: performance.now(), atUs: monotonicUs() };
      }
      if (start !== undefined && sample.recordsOut >= count) {
        const cpuUs = (sample.cpuSeconds - start.cpuSeconds) * 1e6;
        const span = { fromUs: start.atUs, toUs: monotonicUs() };
        return { records: count - start.recordsIn, cpuUs, wallMs: performance.now() - start.wallMs, span };
      }
      await sleep(samplePauseMs);
    }
  } finally {
    await instance.stop();
  }
}

/** Of the clock that all processes of a machine share. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** A container that is measured. */
export interface BenchedInstance {
  sample(): Promise<Sample>;
  stop(): Promise<void>;
}

/** Starts one; resolves when it answers. */
export async function startBenched(
  topics: BenchTopics,
  bundle: string,
  group: string,
  nodeFlags: readonly string[] = [],
): Promise<BenchedInstance> {
  const child = spawn(process.execPath, [...nodeFlags, bundle, 'processor'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      KAFKA_BOOTSTRAP_SERVERS: topics.bootstrapServers.join(','),
      SOURCE_TOPIC: topics.source,
      OUTPUT_TOPIC: topics.output,
      DEAD_LETTER_TOPIC: topics.deadLetters,
      KAFKA_GROUP_ID: group,
      METRICS_PORT: '0',
    },
  });
  try {
    const url = await metricsUrl(child);
    return {
      async sample() {
        for (let failed = 0; ; failed += 1) {
          if (child.exitCode !== null) throw new CommandError(`The container ended with code ${child.exitCode}.`);
          try {
            return await sampleOf(url);
          } catch (error) {
            // A connection that is kept alive may be closed as it is used, where this process was held up.
            if (failed === mostFailedLooks) throw new CommandError(`The container does not answer: ${causeOf(error)}`);
            await sleep(samplePauseMs);
          }
        }
      },
      stop: async () => await end(child, 'SIGTERM'),
    };
  } catch (error) {
    await end(child, 'SIGKILL');
    throw error;
  }
}

/** Ends a process, and waits for it. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

async function metricsUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new CommandError('The container has no output to read.');
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const address = /http:\/\/[^:]+:\d+/.exec(line);
    if (address !== null) {
      child.stdout.resume(); // nobody reads on: it must not fill up
      return `${address[0]}/metrics`;
    }
  }
  throw new CommandError('The container ended before it was up.');
}

async function sampleOf(url: string): Promise<Sample> {
  const text = await (await fetch(url)).text();
  const value = (name: string): number =>
    Number(new RegExp(`^hft_${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  return {
    partitions: value('assigned_partitions'),
    recordsIn: value('records_in_total'),
    recordsOut: value('records_out_total'),
    cpuSeconds: value('cpu_seconds_total'),
    residentBytes: value('resident_memory_bytes'),
  };
}
