import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../support/command.ts';
import { type BenchTopics, runContainer, type Sample, startBenched } from './container.ts';
import { fill } from './ground.ts';
import type { InstancesResult } from './report.ts';

const many = 12;
const samplePauseMs = 200;
/** A rebalance that is to come shows itself within so long. */
const settleMs = 1_500;
const joinMs = 90_000;
const leastShare = 0.2;

/** The same backlog worked off by one instance and by twelve: what a record costs all of them together. */
export async function benchInstances(
  topics: BenchTopics,
  bundle: string,
  backlog: number,
  say: (line: string) => void,
): Promise<InstancesResult> {
  await fill(topics, backlog, say);
  const one = await runContainer(topics, bundle, backlog);
  say(`one instance: ${(one.cpuUs / one.records).toFixed(1)} us`);
  const all = await runMany(topics, bundle, backlog);
  say(`${many} instances: ${(all.cpuUs / all.records).toFixed(1)} us`);
  const [oneUs, manyUs] = [one.cpuUs / one.records, all.cpuUs / all.records];
  return { backlog, instances: many, measured: all.records, oneUs, manyUs, ratio: manyUs / oneUs };
}

/** Measured from the moment when all have joined: what it takes to start is no part of what a record costs. */
async function runMany(
  topics: BenchTopics,
  bundle: string,
  backlog: number,
): Promise<{ records: number; cpuUs: number }> {
  const group = `bench-many-${process.pid}-${Date.now()}`;
  const started = await Promise.allSettled(Array.from({ length: many }, () => startBenched(topics, bundle, group)));
  const instances = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const look = async (): Promise<Sample[]> => await Promise.all(instances.map((instance) => instance.sample()));
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    const start = await whenShared(look);
    for (;;) {
      const now = await look();
      if (sum(now, ({ recordsOut }) => recordsOut) >= backlog) {
        const cpuUs = (sum(now, ({ cpuSeconds }) => cpuSeconds) - sum(start, ({ cpuSeconds }) => cpuSeconds)) * 1e6;
        const records = backlog - sum(start, ({ recordsIn }) => recordsIn);
        if (records >= backlog * leastShare) return { records, cpuUs };
        throw new CommandError(
          `the ${many} instances had all joined with ${records} of ${backlog} records left: too few to measure. Give a larger --backlog`,
        );
      }
      await sleep(samplePauseMs);
    }
  } finally {
    await Promise.all(instances.map((instance) => instance.stop()));
  }
}

/** What all say once each owns partitions, and still the same ones a while later. */
async function whenShared(look: () => Promise<Sample[]>): Promise<Sample[]> {
  const until = performance.now() + joinMs;
  let sharedSinceMs = Number.POSITIVE_INFINITY;
  for (;;) {
    const now = await look();
    const isShared = now.every(({ partitions }) => partitions === 60 / many);
    sharedSinceMs = isShared ? Math.min(sharedSinceMs, performance.now()) : Number.POSITIVE_INFINITY;
    if (performance.now() - sharedSinceMs > settleMs) return now;
    if (performance.now() > until)
      throw new CommandError(`the ${many} instances did not share the partitions in ${joinMs / 1_000} s`);
    await sleep(samplePauseMs);
  }
}

function sum(samples: readonly Sample[], of: (sample: Sample) => number): number {
  return samples.reduce((total, sample) => total + of(sample), 0);
}
