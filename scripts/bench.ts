import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCluster } from '../infra/cluster/cluster.ts';
import { ensureTopics } from '../infra/ensure-topics.ts';
import { topics as declaredTopics, type TopicDeclaration } from '../infra/topics.ts';
import { type BenchTopics, type LoopCost, runBareLoop, runContainer } from './bench/container.ts';
import { median } from './bench/cpu.ts';
import { benchHandler, type HandlerCost } from './bench/handler.ts';
import { startFeed } from './feed/start.ts';
import { integerOption, runCommand } from './support/command.ts';

interface ContainerResult {
  readonly records: number;
  readonly runs: number;
  readonly oursUs: number;
  /** The loop that writes outputs of our size: the same work with no framework. */
  readonly bareUs: number;
  readonly ratio: number;
  /** The loop that writes its input again: a third of the bytes. */
  readonly echoUs: number;
  readonly echoRatio: number;
  readonly oursPerSecond: number;
  readonly barePerSecond: number;
  readonly echoPerSecond: number;
}

interface MemoryResult {
  readonly backlog: number;
  readonly peakMb: number;
  readonly firstHalfPeakMb: number;
  readonly secondHalfPeakMb: number;
}

const contractsInContainer = 2;
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
      '--only memory --backlog 1000000',
      '--json',
    ],
    options: {
      only: { type: 'string' },
      records: { type: 'string', default: '200000' },
      runs: { type: 'string', default: '3' },
      backlog: { type: 'string', default: '1000000' },
      json: { type: 'boolean' },
    },
    describe: {
      only: 'handler, container or memory; all three without it.',
      records: 'Backlog that each container run works off.',
      runs: 'Runs of each kind, taken in turns; the median counts.',
      backlog: 'Backlog of the memory run.',
      json: 'Print one JSON document in place of the tables.',
    },
    notes: [
      'The container part runs on a three-broker cluster of its own, or on KAFKA_BOOTSTRAP_SERVERS; `npm run build` first.',
      'Nothing else should run meanwhile: brokers, loop and feed share the cores.',
    ],
  },
  async ({ only, records, runs, backlog, json }) => {
    const wanted = (part: string): boolean => only === undefined || only === part;
    const result: { handler?: HandlerCost[]; container?: ContainerResult; memory?: MemoryResult } = {};
    const recordCount = integerOption('records', records, 1_000);
    const runCount = integerOption('runs', runs, 1, 100);
    const backlogCount = integerOption('backlog', backlog, 1_000);
    if (wanted('handler')) result.handler = [await benchHandler(2), await benchHandler(160)];
    if (wanted('container') || wanted('memory')) {
      await withCluster(async (bootstrapServers) => {
        if (wanted('container')) result.container = await benchContainer(bootstrapServers, recordCount, runCount);
        if (wanted('memory')) result.memory = await benchMemory(bootstrapServers, backlogCount);
      });
    }
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : tables(result));
    return 0;
  },
);

async function withCluster(use: (bootstrapServers: readonly string[]) => Promise<void>): Promise<void> {
  const given = process.env.KAFKA_BOOTSTRAP_SERVERS;
  if (given) return use(given.split(','));
  const dir = mkdtempSync(join(tmpdir(), 'hft-bench-'));
  const cluster = await startCluster({ dir, attached: true, onProgress: say });
  try {
    await use(cluster.bootstrapServers);
  } finally {
    await cluster.stop({ graceMs: 0 });
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Topics of this run alone, declared as the contract's are. */
async function freshTopics(bootstrapServers: readonly string[], kind: string): Promise<BenchTopics> {
  const suffix = `bench-${kind}-${Date.now()}`;
  const names = { source: `raw-${suffix}`, output: `enriched-${suffix}`, deadLetters: `dlq-${suffix}` };
  const like = (name: string, original: string): TopicDeclaration => {
    const declared = declaredTopics.find((topic) => topic.name === original);
    if (declared === undefined) throw new Error(`${original} is not declared`);
    const { follows: _, ...rest } = declared;
    return { ...rest, name };
  };
  await ensureTopics(
    [...bootstrapServers],
    [
      like(names.source, 'market.raw'),
      like(names.output, 'market.enriched'),
      like(names.deadLetters, 'market.raw.dlq'),
    ],
  );
  return { bootstrapServers, ...names };
}

async function fill(topics: BenchTopics, count: number): Promise<void> {
  say(`feeding ${count} records of ${contractsInContainer} contracts ...`);
  const { bootstrapServers, source: topic } = topics;
  const feed = await startFeed({ bootstrapServers, topic, count, contracts: contractsInContainer, symbols: 2_400 });
  await feed.done;
}

async function benchContainer(
  bootstrapServers: readonly string[],
  count: number,
  runs: number,
): Promise<ContainerResult> {
  const topics = await freshTopics(bootstrapServers, 'container');
  await fill(topics, count);
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

async function benchMemory(bootstrapServers: readonly string[], backlog: number): Promise<MemoryResult> {
  const topics = await freshTopics(bootstrapServers, 'memory');
  await fill(topics, backlog);
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

function perRecord(cost: LoopCost | undefined): number {
  return cost === undefined ? Number.NaN : cost.cpuUs / cost.records;
}

function perSecond(cost: LoopCost): number {
  return cost.records / (cost.wallMs / 1_000);
}

function tables(result: { handler?: HandlerCost[]; container?: ContainerResult; memory?: MemoryResult }): string {
  const lines: string[] = [];
  if (result.handler) {
    lines.push('Handler alone                     handler    parse + stringify    ratio    bytes in -> out');
    for (const cost of result.handler) {
      lines.push(
        `  ${String(cost.contracts).padStart(3)} contracts            ${us(cost.handlerUs)}           ${us(cost.floorUs)}   ` +
          `${cost.ratio.toFixed(2).padStart(6)}    ${cost.inputBytes} -> ${cost.outputBytes}`,
      );
    }
  }
  if (result.container) {
    const { oursUs, bareUs, ratio, echoUs, echoRatio, records, runs } = result.container;
    const { oursPerSecond, barePerSecond, echoPerSecond } = result.container;
    const row = (name: string, cost: number, rate: number, note: string): string =>
      `  ${name.padEnd(40)}${us(cost)}  ${Math.round(rate).toString().padStart(10)}    ${note}`;
    lines.push(
      '',
      `Container, ${contractsInContainer} contracts a record             CPU a record   records/s    (${records} records, median of ${runs})`,
      row('bare kafkajs loop, its input again', echoUs, echoPerSecond, `ours is ${echoRatio.toFixed(2)}x`),
      row('bare kafkajs loop, outputs of our size', bareUs, barePerSecond, `ours is ${ratio.toFixed(2)}x`),
      row('hft-engine processor', oursUs, oursPerSecond, ''),
    );
  }
  if (result.memory) {
    const { backlog, peakMb, firstHalfPeakMb, secondHalfPeakMb } = result.memory;
    lines.push(
      '',
      `Memory with a backlog of ${backlog}: peak ${peakMb.toFixed(0)} MB ` +
        `(first half ${firstHalfPeakMb.toFixed(0)} MB, second half ${secondHalfPeakMb.toFixed(0)} MB)`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function us(value: number): string {
  return `${value.toFixed(1)} us`.padStart(10);
}
