import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { aimsOf } from './bench/aims.ts';
import { benchAnalytics } from './bench/analytics.ts';
import { benchCompression } from './bench/compression.ts';
import { conditionsNow } from './bench/conditions.ts';
import { type LoopCost, runBareLoop, runContainer } from './bench/container.ts';
import { median } from './bench/cpu.ts';
import { drawing } from './bench/drawing.ts';
import { benchDispatch, runEmptyFunction, runFunction } from './bench/function.ts';
import { fill, freshTopics, largeHeap, withCluster } from './bench/ground.ts';
import { benchHandler } from './bench/handler.ts';
import { benchInstances } from './bench/instances.ts';
import { benchLatency } from './bench/latency.ts';
import {
  type BenchResult,
  type ContainerResult,
  type FunctionResult,
  type MemoryResult,
  tables,
} from './bench/report.ts';
import { benchStages } from './bench/stages.ts';
import { benchStorage } from './bench/storage.ts';
import { integerOption, runCommand, UsageError } from './support/command.ts';

const functionBatch = 1_000;
const dispatchBatch = 100;
const parts = [
  'handler',
  'container',
  'stages',
  'function',
  'memory',
  'instances',
  'latency',
  'compression',
  'storage',
  'analytics',
];
const bundle = fileURLToPath(new URL('../dist/functions.mjs', import.meta.url));
const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

await runCommand(
  {
    name: 'bench',
    summary: 'Measures our cost a record beside the same work with no framework, in one run. CPU time, not wall time.',
    usage: [
      '',
      '--only handler',
      '--only container --records 200000 --runs 3',
      '--only stages --records 500000',
      '--only memory --backlog 1000000',
      '--only instances --backlog 1000000',
      '--only latency --rate 2000 --warm-up 90',
      '--only storage --snapshots 3000 --runs 5',
      '--only analytics --runs 5',
      '--json --out dist/bench.json --draw dist/bench.svg',
    ],
    options: {
      only: { type: 'string' },
      records: { type: 'string', default: '200000' },
      runs: { type: 'string', default: '3' },
      backlog: { type: 'string', default: '1000000' },
      rate: { type: 'string', default: '2000' },
      'warm-up': { type: 'string', default: '90' },
      snapshots: { type: 'string', default: '3000' },
      out: { type: 'string' },
      draw: { type: 'string' },
      json: { type: 'boolean' },
    },
    describe: {
      only: 'handler, container, stages, function, memory, instances, latency, compression, storage or analytics; all of them without it.',
      records: 'Backlog that each container run works off.',
      runs: 'Runs of each kind, taken in turns; the median counts.',
      backlog: 'Backlog of the memory run, and of those with one and with twelve instances.',
      rate: 'Records a second of the latency run.',
      'warm-up': 'Seconds that the latency run feeds before it counts: fresh brokers compile their code meanwhile.',
      snapshots: 'Snapshots of 160 options that each storage run writes.',
      out: 'Write the figures as JSON to this file as well, after each part.',
      draw: 'Write a drawing of the comparison (SVG) to this file.',
      json: 'Print one JSON document in place of the tables.',
    },
    notes: [
      'What needs brokers runs on a three-broker cluster of its own (latency: with 1 GB of heap each), or on KAFKA_BOOTSTRAP_SERVERS.',
      'The storage part runs on a PostgreSQL of its own, and needs /proc for what the server takes; so does the analytics part,',
      'which stores 937500 snapshots first.',
      'Nothing else should run meanwhile: brokers, loop and feed share the cores.',
    ],
  },
  async ({ only, records, runs, backlog, rate, 'warm-up': warmUp, snapshots, out, draw, json }) => {
    if (only !== undefined && !parts.includes(only))
      throw new UsageError(`--only takes one of ${parts.join(', ')}, not '${only}'`);
    const wanted = (part: string): boolean => only === undefined || only === part;
    const result: BenchResult = { conditions: conditionsNow(bundle) };
    // After each part: what took half an hour is not lost when a later one fails.
    const keep = (): void => {
      if (out !== undefined) writeFileSync(out, `${JSON.stringify({ ...result, aims: aimsOf(result) }, null, 2)}\n`);
      if (draw !== undefined) writeFileSync(draw, drawing(result));
    };
    const measure = async <Part extends keyof BenchResult>(
      part: Part,
      how: () => Promise<BenchResult[Part]>,
    ): Promise<void> => {
      if (!wanted(part)) return;
      result[part] = await how();
      keep();
    };
    const recordCount = integerOption('records', records, 1_000);
    const runCount = integerOption('runs', runs, 1, 100);
    const backlogCount = integerOption('backlog', backlog, 1_000);
    const perSecond = integerOption('rate', rate, 1, 1_000_000);
    const warmUpSeconds = integerOption('warm-up', warmUp, 0, 3_600);
    const snapshotCount = integerOption('snapshots', snapshots, 100, 100_000);
    await measure('handler', async () => [await benchHandler(2), await benchHandler(160)]);
    if (only === undefined || !['handler', 'latency', 'storage', 'analytics'].includes(only)) {
      await withCluster(say, async (bootstrapServers, dir) => {
        const fresh = async (kind: string) => await freshTopics(bootstrapServers, kind);
        await measure('container', () => benchContainer(bootstrapServers, recordCount, runCount));
        await measure('function', () => benchFunction(bootstrapServers, recordCount, runCount));
        await measure('memory', () => benchMemory(bootstrapServers, backlogCount));
        await measure('stages', async () => await benchStages(await fresh('stages'), bundle, recordCount, say));
        await measure('instances', () => benchInstances(fresh, bundle, backlogCount, say));
        if (only === undefined && dir === undefined) say('compression is left out: it looks at brokers of its own');
        else await measure('compression', () => benchCompression({ bootstrapServers, dir }, bundle, recordCount, say));
      });
    }
    if (wanted('latency')) {
      const run = { rate: perSecond, warmUpSeconds };
      const onBrokers = async (bootstrapServers: readonly string[], dir: string | undefined): Promise<void> => {
        const fresh = async (kind: string) => await freshTopics(bootstrapServers, kind);
        await measure('latency', () => benchLatency(fresh, bundle, { ...run, dir }, say));
      };
      await withCluster(say, onBrokers, largeHeap);
    }
    await measure('storage', () => benchStorage(snapshotCount, runCount, say));
    await measure('analytics', () => benchAnalytics(runCount, say));
    process.stdout.write(json ? `${JSON.stringify({ ...result, aims: aimsOf(result) })}\n` : tables(result));
    return 0;
  },
);

async function benchContainer(
  bootstrapServers: readonly string[],
  count: number,
  runs: number,
): Promise<ContainerResult> {
  const topics = await freshTopics(bootstrapServers, 'container');
  await fill(topics, count, say);
  const ours: LoopCost[] = [];
  const bare: LoopCost[] = [];
  const echo: LoopCost[] = [];
  for (let run = 1; run <= runs; run += 1) {
    echo.push(await runBareLoop(topics, count, 'echo'));
    bare.push(await runBareLoop(topics, count, 'enriched'));
    ours.push(await runContainer(topics, bundle, count));
    const [echoCost, bareCost, ourCost] = [echo, bare, ours].map((costs) => perRecord(costs.at(-1)).toFixed(1));
    say(`run ${run} of ${runs}: echo loop ${echoCost} us, bare loop ${bareCost} us, ours ${ourCost} us`);
  }
  const [oursUs, bareUs, echoUs] = [
    median(ours.map(perRecord)),
    median(bare.map(perRecord)),
    median(echo.map(perRecord)),
  ];
  return {
    records: count,
    runs,
    oursUs,
    bareUs,
    ratio: oursUs / bareUs,
    echoUs,
    echoRatio: oursUs / echoUs,
    oursPerSecond: median(ours.map(perSecond)),
    barePerSecond: median(bare.map(perSecond)),
    echoPerSecond: median(echo.map(perSecond)),
  };
}

/** Both hosts over as many records, in turns. The container takes what its fetches bring: larger batches than an event. */
async function benchFunction(
  bootstrapServers: readonly string[],
  count: number,
  runs: number,
): Promise<FunctionResult> {
  const topics = await freshTopics(bootstrapServers, 'function');
  await fill(topics, count, say);
  const functions: number[] = [];
  const containers: number[] = [];
  const clients: number[] = [];
  const inits: number[] = [];
  const emptyInits: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const cost = await runFunction(topics, bundle, count, functionBatch);
    functions.push(perRecord(cost));
    inits.push(cost.initMs);
    const client = await runEmptyFunction(topics, count, functionBatch);
    clients.push(perRecord(client));
    emptyInits.push(client.initMs);
    containers.push(perRecord(await runContainer(topics, bundle, count)));
    say(
      `run ${run} of ${runs}: function ${functions.at(-1)?.toFixed(1)} us, the runtime client alone ` +
        `${clients.at(-1)?.toFixed(1)} us, container ${containers.at(-1)?.toFixed(1)} us`,
    );
  }
  const [functionUs, clientUs, containerUs] = [median(functions), median(clients), median(containers)];
  return {
    dispatch: await benchDispatch(dispatchBatch),
    ...{ batch: functionBatch, functionUs, clientUs, containerUs },
    ...{ ratio: functionUs / containerUs, hostRatio: (functionUs - clientUs) / containerUs },
    ...{ initMs: median(inits), emptyInitMs: median(emptyInits) },
  };
}

async function benchMemory(bootstrapServers: readonly string[], backlog: number): Promise<MemoryResult> {
  const topics = await freshTopics(bootstrapServers, 'memory');
  await fill(topics, backlog, say);
  const samples: number[] = [];
  await runContainer(topics, bundle, backlog, (bytes) => samples.push(bytes));
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
