import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CpuProfile } from '../profile/profile-tree.ts';
import { sourcesOfBundle } from '../profile/source-files.ts';
import { CommandError } from '../support/command.ts';
import { type BenchTopics, type LoopCost, runBareLoop, runContainer } from './container.ts';
import { functionBatch, runFunction } from './function.ts';
import { fill, withOutput, withSource } from './ground.ts';
import { type Stage, stageMeaning, stageShares, stages } from './stage-of.ts';
import { type Upkeep, upkeepOf } from './upkeep.ts';

/** CPU microseconds of a record in each stage, the profiler's own work in it. */
export type StageCosts = Readonly<Record<Stage, number>>;

/** Where the CPU time of a record goes in either host, with what it costs besides, and that of the bare loop. */
export interface StagesResult {
  readonly records: number;
  readonly us: StageCosts;
  readonly functionUs: StageCosts;
  readonly ours: Upkeep;
  readonly ofFunction: Upkeep;
  readonly bare: Upkeep;
}

type Say = (line: string) => void;

const probe = `--import=${new URL('./probe.mjs', import.meta.url).href}`;

/** Two runs of each host over as many records, under the profiler and without it, and one of the bare loop. */
export async function benchStages(
  bootstrapServers: readonly string[],
  bundle: string,
  count: number,
  say: Say,
): Promise<StagesResult> {
  return await withSource(bootstrapServers, 'stages', async (source) => {
    await fill(source, count, say);
    return await stagesOf((run) => withOutput(source, 'stages', run), bundle, count, say);
  });
}

/** Runs something over all of the source. */
type Over = <Result>(run: (topics: BenchTopics) => Promise<Result>) => Promise<Result>;

async function stagesOf(over: Over, bundle: string, count: number, say: Say): Promise<StagesResult> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-stages-'));
  try {
    const sourceOf = await sourcesOfBundle(bundle);
    const costsOf = (file: string, { cpuUs, records, span }: LoopCost, host: string): StageCosts => {
      const profile = JSON.parse(readFileSync(join(dir, file), 'utf8')) as CpuProfile;
      const shares = stageShares(profile, span, sourceOf);
      say(`${host}: ${(cpuUs / records).toFixed(1)} us a record under the profiler`);
      return Object.fromEntries(stages.map((stage) => [stage, (shares[stage] * cpuUs) / records])) as StageCosts;
    };
    const flags = ['--cpu-prof', `--cpu-prof-dir=${dir}`];
    const profiled = await over((topics) => runContainer(topics, bundle, count, undefined, flags));
    const [file] = readdirSync(dir);
    if (file === undefined) throw new CommandError('the processor wrote no profile: it did not end in order');
    const us = costsOf(file, profiled, 'container');
    const functionUs = costsOf(
      'function',
      await over((topics) => profiledFunction(dir, topics, bundle, count)),
      'function',
    );
    const bare = await probed(dir, 'bare', count, (flags) =>
      over((topics) => runBareLoop(topics, count, 'enriched', flags)),
    );
    const ours = await probed(dir, 'ours', count, (flags) =>
      over((topics) => runContainer(topics, bundle, count, undefined, flags)),
    );
    const ofFunction = await probed(dir, 'lambda', count, (_, env) =>
      over((topics) => runFunction(topics, bundle, count, functionBatch, { env })),
    );
    return { records: profiled.records, us, functionUs, ours, ofFunction, bare };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function profiledFunction(dir: string, topics: BenchTopics, bundle: string, count: number): Promise<LoopCost> {
  const path = join(dir, 'function');
  const done = async (pid: number): Promise<void> => {
    process.kill(pid, 'SIGUSR2');
    for (let wait = 0; !existsSync(path); wait += 1) {
      if (wait === 100) throw new CommandError('the function wrote no profile within 10 s');
      await sleep(100);
    }
  };
  return await runFunction(topics, bundle, count, functionBatch, {
    env: { NODE_OPTIONS: probe, HFT_BENCH_PROFILE: path },
    done,
  });
}

async function probed(
  dir: string,
  name: string,
  all: number,
  run: (flags: readonly string[], env: Readonly<Record<string, string>>) => Promise<LoopCost>,
): Promise<Upkeep> {
  const path = join(dir, `${name}.ndjson`);
  process.env.HFT_BENCH_PROBE = path; // of processes that get this one's environment; a function does not
  const { span, records, cpuUs } = await run([probe], { NODE_OPTIONS: probe, HFT_BENCH_PROBE: path });
  const looks = readFileSync(path, 'utf8').trimEnd().split('\n');
  return upkeepOf(
    looks.map((line) => JSON.parse(line)),
    span,
    records,
    cpuUs,
    all,
  );
}

/** For a person. */
export function stagesTable({ records, us, functionUs, ours, ofFunction, bare }: StagesResult): string[] {
  const cell = (costs: StageCosts, stage: Stage): string => {
    const total = stages.reduce((sum, one) => sum + costs[one], 0);
    return `${costs[stage].toFixed(2).padStart(7)} us${((costs[stage] / total) * 100).toFixed(0).padStart(5)} %`;
  };
  const upkeep = (name: string, one: Upkeep): string =>
    `  ${name.padEnd(34)}${one.cpuUs.toFixed(1).padStart(6)} us${(one.allocatedBytes / 1_024).toFixed(2).padStart(9)} KB` +
    `${(one.collectionShare * 100).toFixed(0).padStart(8)} %${Math.round(one.readBytes).toString().padStart(10)} read, ${Math.round(one.writtenBytes)} written`;
  return [
    `Where a record's CPU time goes (${records} records, under V8's profiler)`,
    '                   container         function',
    ...stages.map(
      (stage) => `  ${stage.padEnd(12)}${cell(us, stage)}${cell(functionUs, stage)}   ${stageMeaning[stage]}`,
    ),
    '',
    'A record, without the profiler             CPU     V8 heap  collections   bytes from and to brokers',
    upkeep('processor, container', ours),
    upkeep(`processor, function, ${functionBatch} an event`, ofFunction),
    upkeep('bare kafkajs loop, outputs as ours', bare),
  ];
}
