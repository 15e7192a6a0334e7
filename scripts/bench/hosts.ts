import { type BenchTopics, type LoopCost, runBareLoop, runContainer } from './container.ts';
import { median } from './cpu.ts';
import { benchDispatch, functionBatch, runEmptyFunction, runFunction } from './function.ts';
import { fill, withOutput, withSource, withTopics } from './ground.ts';
import type { ContainerResult, FunctionResult, MemoryResult } from './report.ts';

type Say = (line: string) => void;

const dispatchBatch = 100;

/** The container beside bare loops, over one backlog, in turns. */
export async function benchContainer(
  bootstrapServers: readonly string[],
  bundle: string,
  count: number,
  runs: number,
  say: Say,
): Promise<ContainerResult> {
  const ours: LoopCost[] = [];
  const bare: LoopCost[] = [];
  const echo: LoopCost[] = [];
  const platformatic: LoopCost[] = [];
  await withSource(bootstrapServers, 'container', async (source) => {
    await fill(source, count, say);
    const over = async (run: (topics: BenchTopics) => Promise<LoopCost>): Promise<LoopCost> =>
      await withOutput(source, 'container', run);
    for (let run = 1; run <= runs; run += 1) {
      echo.push(await over((topics) => runBareLoop(topics, count, 'echo')));
      bare.push(await over((topics) => runBareLoop(topics, count, 'enriched')));
      platformatic.push(await over((topics) => runBareLoop(topics, count, 'enriched', [], 'platformatic')));
      ours.push(await over((topics) => runContainer(topics, bundle, count)));
      const last = (costs: readonly LoopCost[]): string => `${perRecord(costs.at(-1)).toFixed(1)} us`;
      say(
        `run ${run} of ${runs}: echo loop ${last(echo)}, bare loop ${last(bare)}, of platformatic ${last(platformatic)}, ours ${last(ours)}`,
      );
    }
  });
  const [oursUs = 0, bareUs = 0, echoUs = 0, platformaticUs = 0] = [ours, bare, echo, platformatic].map((costs) =>
    median(costs.map(perRecord)),
  );
  return {
    records: count,
    runs,
    oursUs,
    bareUs,
    ratio: oursUs / bareUs,
    echoUs,
    echoRatio: oursUs / echoUs,
    platformaticUs,
    platformaticRatio: oursUs / platformaticUs,
    oursPerSecond: median(ours.map(perSecond)),
    barePerSecond: median(bare.map(perSecond)),
    echoPerSecond: median(echo.map(perSecond)),
    platformaticPerSecond: median(platformatic.map(perSecond)),
  };
}

/** Both hosts over as many records, in turns. The container takes what its fetches bring: larger batches than an event. */
export async function benchFunction(
  bootstrapServers: readonly string[],
  bundle: string,
  count: number,
  runs: number,
  say: Say,
): Promise<FunctionResult> {
  const functions: number[] = [];
  const containers: number[] = [];
  const clients: number[] = [];
  const inits: number[] = [];
  const emptyInits: number[] = [];
  await withSource(bootstrapServers, 'function', async (source) => {
    await fill(source, count, say);
    for (let run = 1; run <= runs; run += 1) {
      const cost = await withOutput(source, 'function', (topics) => runFunction(topics, bundle, count, functionBatch));
      functions.push(perRecord(cost));
      inits.push(cost.initMs);
      const client = await withOutput(source, 'function', (topics) => runEmptyFunction(topics, count, functionBatch));
      clients.push(perRecord(client));
      emptyInits.push(client.initMs);
      containers.push(perRecord(await withOutput(source, 'function', (topics) => runContainer(topics, bundle, count))));
      say(
        `run ${run} of ${runs}: function ${functions.at(-1)?.toFixed(1)} us, the runtime client alone ` +
          `${clients.at(-1)?.toFixed(1)} us, container ${containers.at(-1)?.toFixed(1)} us`,
      );
    }
  });
  const [functionUs, clientUs, containerUs] = [median(functions), median(clients), median(containers)];
  return {
    dispatch: await benchDispatch(dispatchBatch),
    ...{ batch: functionBatch, functionUs, clientUs, containerUs },
    ...{ ratio: functionUs / containerUs, hostRatio: (functionUs - clientUs) / containerUs },
    ...{ initMs: median(inits), emptyInitMs: median(emptyInits) },
  };
}

/** What an instance takes of memory while it works off a backlog, sampled. */
export async function benchMemory(
  bootstrapServers: readonly string[],
  bundle: string,
  backlog: number,
  say: Say,
): Promise<MemoryResult> {
  const samples: number[] = [];
  await withTopics(bootstrapServers, 'memory', async (topics) => {
    await fill(topics, backlog, say);
    await runContainer(topics, bundle, backlog, (bytes) => samples.push(bytes));
  });
  const peak = (part: readonly number[]): number => Math.max(...part) / 1_048_576;
  const half = samples.length >> 1;
  return {
    backlog,
    peakMb: peak(samples),
    firstHalfPeakMb: peak(samples.slice(0, half)),
    secondHalfPeakMb: peak(samples.slice(half)),
  };
}

function perRecord(cost: Omit<LoopCost, 'span'> | undefined): number {
  return cost === undefined ? Number.NaN : cost.cpuUs / cost.records;
}

function perSecond(cost: LoopCost): number {
  return cost.records / (cost.wallMs / 1_000);
}
