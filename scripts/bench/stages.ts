import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CpuProfile } from '../profile/profile-tree.ts';
import { sourcesOfLines } from '../support/bundle.ts';
import { CommandError } from '../support/command.ts';
import { type BenchTopics, type LoopCost, runBareLoop, runContainer } from './container.ts';
import { fill } from './ground.ts';
import { type Span, type Stage, stageMeaning, stageShares, stages } from './stage-of.ts';

/** What a record costs beside CPU time: V8's heap, the share of its collections in the CPU time, and the wire. */
export interface Upkeep {
  readonly cpuUs: number;
  readonly allocatedBytes: number;
  readonly collectionShare: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Where the CPU time of a record goes in the container, with what it costs besides, and that of the bare loop. */
export interface StagesResult {
  readonly records: number;
  /** CPU microseconds a record, the profiler's own work in it. */
  readonly us: Readonly<Record<Stage, number>>;
  readonly ours: Upkeep;
  readonly bare: Upkeep;
}

type Say = (line: string) => void;

const entry = 'functions/main.ts';

/** Two runs of the container over one backlog, under the profiler and without it, and one of the bare loop. */
export async function benchStages(topics: BenchTopics, bundle: string, count: number, say: Say): Promise<StagesResult> {
  await fill(topics, count, say);
  const dir = mkdtempSync(join(tmpdir(), 'hft-stages-'));
  try {
    const profiled = await runContainer(topics, bundle, count, undefined, ['--cpu-prof', `--cpu-prof-dir=${dir}`]);
    const shares = stageShares(readProfile(dir), profiled.span, await linesOf(bundle));
    const cpuUs = profiled.cpuUs / profiled.records;
    say(`${cpuUs.toFixed(1)} us a record under the profiler`);
    const bare = await probed(dir, 'bare', (flags) => runBareLoop(topics, count, 'enriched', flags));
    const ours = await probed(dir, 'ours', (flags) => runContainer(topics, bundle, count, undefined, flags));
    const us = Object.fromEntries(stages.map((stage) => [stage, shares[stage] * cpuUs])) as Record<Stage, number>;
    return { records: profiled.records, us, ours, bare };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function readProfile(dir: string): CpuProfile {
  const [file] = readdirSync(dir);
  if (file === undefined) throw new CommandError('the processor wrote no profile: it did not end in order');
  return JSON.parse(readFileSync(join(dir, file), 'utf8')) as CpuProfile;
}

/** By line of the bundle the file that it came from. */
async function linesOf(bundle: string): Promise<(line: number) => string | undefined> {
  const files = await sourcesOfLines(entry);
  const lines = readFileSync(bundle, 'utf8').split('\n').length;
  if (lines !== files.length) {
    throw new CommandError(`${bundle} has ${lines} lines, its sources make ${files.length}: run npm run build first`);
  }
  return (line) => files[line];
}

/** A line of probe.mjs, all of it since the process began. */
interface Look {
  readonly atUs: number;
  readonly cpuUs: number;
  readonly allocatedBytes: number;
  readonly gcUs: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

async function probed(
  dir: string,
  name: string,
  run: (flags: readonly string[]) => Promise<LoopCost>,
): Promise<Upkeep> {
  const path = join(dir, `${name}.ndjson`);
  process.env.HFT_BENCH_PROBE = path;
  const { span, records, cpuUs } = await run([`--import=${new URL('./probe.mjs', import.meta.url).href}`]);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return upkeepOf(
    lines.map((line) => JSON.parse(line) as Look),
    span,
    records,
    cpuUs,
  );
}

/** Looks come twice a second: what lies between the first and the last of the span stands for all of it. */
export function upkeepOf(looks: readonly Look[], { fromUs, toUs }: Span, records: number, cpuUs: number): Upkeep {
  const within = looks.filter(({ atUs }) => atUs >= fromUs && atUs <= toUs);
  const [first, last] = [within[0], within.at(-1)];
  if (first === undefined || last === undefined || last.cpuUs === first.cpuUs) {
    throw new CommandError('the run was too short to be looked at twice: give more --records');
  }
  const between = (of: (look: Look) => number): number => of(last) - of(first);
  // The rate of a whole run is steady enough by CPU time, and no clock tells how many records a part of it was.
  const share = between((look) => look.cpuUs) / cpuUs;
  const perRecord = (of: (look: Look) => number): number => between(of) / share / records;
  return {
    cpuUs: cpuUs / records,
    allocatedBytes: perRecord((look) => look.allocatedBytes),
    collectionShare: between((look) => look.gcUs) / between((look) => look.cpuUs),
    readBytes: perRecord((look) => look.readBytes),
    writtenBytes: perRecord((look) => look.writtenBytes),
  };
}

/** For a person. */
export function stagesTable({ records, us, ours, bare }: StagesResult): string[] {
  const total = stages.reduce((sum, stage) => sum + us[stage], 0);
  const upkeep = (name: string, one: Upkeep): string =>
    `  ${name.padEnd(34)}${one.cpuUs.toFixed(1).padStart(6)} us${(one.allocatedBytes / 1_024).toFixed(2).padStart(9)} KB` +
    `${(one.collectionShare * 100).toFixed(0).padStart(8)} %${Math.round(one.readBytes).toString().padStart(10)} read, ${Math.round(one.writtenBytes)} written`;
  return [
    `Where a record's CPU time goes (${records} records, under V8's profiler)`,
    ...stages.map(
      (stage) =>
        `  ${stage.padEnd(12)}${us[stage].toFixed(2).padStart(7)} us${((us[stage] / total) * 100).toFixed(0).padStart(5)} %   ${stageMeaning[stage]}`,
    ),
    '',
    'A record, without the profiler             CPU     V8 heap  collections   bytes on the wire',
    upkeep('hft-engine processor', ours),
    upkeep('bare kafkajs loop, outputs as ours', bare),
  ];
}
