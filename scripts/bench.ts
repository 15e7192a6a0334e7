import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aimsOf } from './bench/aims.ts';
import { benchAnalytics } from './bench/analytics.ts';
import { benchCompression } from './bench/compression.ts';
import { conditionsNow } from './bench/conditions.ts';
import { drawing } from './bench/drawing.ts';
import { checkRoom, unhinderedBrokers, withCluster } from './bench/ground.ts';
import { leastSearchSeconds } from './bench/half-load.ts';
import { benchHandler } from './bench/handler.ts';
import { benchContainer, benchFunction, benchMemory } from './bench/hosts.ts';
import { benchInstances } from './bench/instances.ts';
import { benchLatency } from './bench/latency.ts';
import { begunRecord, readRecord } from './bench/record.ts';
import { type BenchResult, tables } from './bench/report.ts';
import { benchStages } from './bench/stages.ts';
import { benchStorage } from './bench/storage.ts';
import { integerOption, runCommand, UsageError } from './support/command.ts';

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
      '--only container --records 1000000 --runs 5',
      '--only stages --records 200000',
      '--only memory --backlog 1000000',
      '--only instances --backlog 2200000',
      '--only latency --rate 2000 --warm-up 90',
      '--only storage --snapshots 3000 --runs 5',
      '--only analytics --runs 5',
      '--json --out dist/bench.json --draw dist/bench.svg',
      '--resume --out dist/bench.json',
      '--read test/fixtures/bench.json --draw dist/bench.svg',
    ],
    options: {
      only: { type: 'string' },
      records: { type: 'string', default: '500000' },
      runs: { type: 'string', default: '3' },
      backlog: { type: 'string', default: '2200000' },
      rate: { type: 'string', default: 'half' },
      'warm-up': { type: 'string', default: '90' },
      snapshots: { type: 'string', default: '3000' },
      out: { type: 'string' },
      draw: { type: 'string' },
      resume: { type: 'boolean' },
      read: { type: 'string' },
      json: { type: 'boolean' },
    },
    describe: {
      only: 'handler, container, stages, function, memory, instances, latency, compression, storage or analytics; all of them without it.',
      records: 'Records of each run of container, stages and function; compression takes shares of it.',
      runs: 'Runs of each kind of container, function, instances, storage and analytics, in turns; the median counts.',
      backlog: 'Backlog of the memory run, and of those with one and with twelve instances.',
      rate: 'Records a second of the latency run; half: as many as leave half of the machine idle.',
      'warm-up':
        'Seconds that the latency run feeds before it counts: fresh brokers compile their code meanwhile, and in the second half of it half load is looked for.',
      snapshots: 'Snapshots of 160 options that each storage run writes.',
      out: 'Write the figures as JSON to this file as well, after each part.',
      draw: 'Write a drawing of the comparison (SVG) to this file.',
      resume:
        'Measure only the parts that the file of --out has not yet, or the one of --only anew: same bundle, Node and machine.',
      read: 'Measure nothing: show what an earlier run wrote with --out.',
      json: 'Print one JSON document in place of the tables.',
    },
    notes: [
      'What needs brokers runs on a three-broker cluster of its own, or on KAFKA_BOOTSTRAP_SERVERS. For latency each broker has 1 GB of heap,',
      'which it collects beside its work (ZGC), and its data in memory where there is room. A million records take up to 12 GB of disk,',
      'the default backlog 27.',
      'The storage part runs on a PostgreSQL of its own, and needs /proc for what the server takes; so does the analytics part,',
      'which stores 937500 snapshots first.',
      'Nothing else should run meanwhile: brokers, loop and feed share the cores. On 2 cores all parts take three quarters of an hour,',
      'twice that on a slow machine: handler 10 s, container 4 minutes, function 2, memory 1, stages 2, instances 20, compression 5,',
      'latency 3, storage and analytics 2.',
    ],
  },
  async ({ only, records, runs, backlog, rate, 'warm-up': warmUp, snapshots, out, draw, resume, read, json }) => {
    if (only !== undefined && !parts.includes(only))
      throw new UsageError(`--only takes one of ${parts.join(', ')}, not '${only}'`);
    if (read !== undefined && only !== undefined) throw new UsageError('--read measures nothing: not with --only');
    if (resume && (out === undefined || read !== undefined))
      throw new UsageError('--resume goes on with the file of --out, and measures: not with --read');
    const now = conditionsNow(bundle);
    const result: BenchResult =
      read !== undefined ? readRecord(read) : resume && out !== undefined ? begunRecord(out, now) : { conditions: now };
    const has = new Set(Object.keys(result));
    const wanted = (part: string): boolean =>
      read === undefined && (only === undefined ? !has.has(part) : only === part);
    // After each part: what took half an hour is not lost when a later one fails.
    const keep = (): void => {
      if (out !== undefined) writeFileSync(out, `${JSON.stringify({ ...result, aims: aimsOf(result) }, null, 2)}\n`);
      if (draw !== undefined) writeFileSync(draw, drawing(result));
    };
    const measure = async <Part extends Exclude<keyof BenchResult, 'measured'>>(
      part: Part,
      how: () => Promise<BenchResult[Part]>,
    ): Promise<void> => {
      if (!wanted(part)) return;
      result[part] = await how();
      const { bundle: of } = now;
      const done = { at: new Date().toISOString(), ...(of === undefined ? {} : { bundle: of }) };
      result.measured = { ...result.measured, [part]: done };
      keep();
    };
    const recordCount = integerOption('records', records, 1_000);
    const runCount = integerOption('runs', runs, 1, 100);
    const backlogCount = integerOption('backlog', backlog, 1_000);
    const perSecond = rate === 'half' ? ('half' as const) : integerOption('rate', rate, 1, 1_000_000);
    const warmUpSeconds = integerOption('warm-up', warmUp, 0, 3_600);
    const snapshotCount = integerOption('snapshots', snapshots, 100, 100_000);
    if (wanted('latency') && perSecond === 'half' && warmUpSeconds < leastSearchSeconds)
      throw new UsageError(
        `--rate half looks for the rate in the second half of --warm-up: it takes ${leastSearchSeconds} s at least, not ${warmUpSeconds}`,
      );
    for (const path of [out, draw])
      if (path !== undefined && !existsSync(dirname(path)))
        throw new UsageError(`${path} cannot be written: there is no folder ${dirname(path)}`);
    const filled = parts.filter(
      (part) => wanted(part) && !['handler', 'latency', 'storage', 'analytics'].includes(part),
    );
    if (filled.length > 0 && !process.env.KAFKA_BOOTSTRAP_SERVERS)
      checkRoom(
        filled.some((part) => part === 'memory' || part === 'instances')
          ? Math.max(recordCount, backlogCount)
          : recordCount,
      );
    await measure('handler', async () => [await benchHandler(2), await benchHandler(160)]);
    if (filled.length > 0) {
      await withCluster(say, async (bootstrapServers, dir) => {
        await measure('container', () => benchContainer(bootstrapServers, bundle, recordCount, runCount, say));
        await measure('function', () => benchFunction(bootstrapServers, bundle, recordCount, runCount, say));
        await measure('memory', () => benchMemory(bootstrapServers, bundle, backlogCount, say));
        await measure('stages', () => benchStages(bootstrapServers, bundle, recordCount, say));
        await measure('instances', () => benchInstances(bootstrapServers, bundle, backlogCount, runCount, say));
        if (only === undefined && dir === undefined) say('compression is left out: it looks at brokers of its own');
        else await measure('compression', () => benchCompression({ bootstrapServers, dir }, bundle, recordCount, say));
      });
    }
    if (wanted('latency')) {
      const run = { rate: perSecond, warmUpSeconds };
      const onBrokers = async (bootstrapServers: readonly string[], dir: string | undefined): Promise<void> => {
        await measure('latency', () => benchLatency(bootstrapServers, bundle, { ...run, dir }, say));
      };
      await withCluster(say, onBrokers, unhinderedBrokers);
    }
    await measure('storage', () => benchStorage(snapshotCount, runCount, say));
    await measure('analytics', () => benchAnalytics(runCount, say));
    keep();
    process.stdout.write(json ? `${JSON.stringify({ ...result, aims: aimsOf(result) })}\n` : tables(result));
    return 0;
  },
);
