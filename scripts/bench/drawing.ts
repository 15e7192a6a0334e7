import type { BenchResult } from './report.ts';
import { stages } from './stage-of.ts';
import type { StageCosts } from './stages.ts';
import { totalUs } from './storage.ts';
import type { Upkeep } from './upkeep.ts';

interface Bar {
  readonly name: string;
  readonly value: number;
  readonly ours: boolean;
}

interface Group {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const width = 860;
const labelWidth = 330;
const barHeight = 22;
const groupGap = 46;

/** The comparison as bars, an SVG: each group in a unit, and to a scale, of its own. */
export function drawing(result: BenchResult): string {
  const shapes: string[] = [];
  let y = 40;
  for (const { title, unit, bars } of groupsOf(result)) {
    const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
    shapes.push(`<text x="12" y="${y}" font-weight="600">${title}</text>`);
    for (const { name, value, ours } of bars) {
      y += barHeight;
      const wide = Math.max(1, (value / most) * (width - labelWidth - 110));
      shapes.push(
        `<text x="${labelWidth - 10}" y="${y}" text-anchor="end">${name}</text>` +
          `<rect x="${labelWidth}" y="${y - 12}" width="${wide.toFixed(1)}" height="15" fill="${ours ? '#2a63c4' : '#b9b8b0'}"/>` +
          `<text x="${(labelWidth + wide + 8).toFixed(1)}" y="${y}">${shown(value)} ${unit}</text>`,
      );
    }
    y += groupGap;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" font-family="system-ui, sans-serif" font-size="13">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...shapes,
    '</svg>\n',
  ].join('\n');
}

/** Three digits at least, and none behind the point of what is large. */
function shown(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 1_000 ? 1 : 0);
}

function groupsOf(result: BenchResult): Group[] {
  const { handler, container, stages: parts, function: lambda, instances, latency, compression, memory } = result;
  const { storage, analytics } = result;
  const groups: Group[] = [];
  const group = (title: string, unit: string, bars: readonly Bar[]): void => void groups.push({ title, unit, bars });
  const ours = (name: string, value: number): Bar => ({ name, value, ours: true });
  const floor = (name: string, value: number): Bar => ({ name, value, ours: false });

  for (const { contracts, floorUs, handlerUs } of handler ?? [])
    group(`Handler, ${contracts} contracts, CPU a call`, 'us', [
      floor('parse + stringify', floorUs),
      ours('handler', handlerUs),
    ]);
  if (handler)
    group(
      'Handler, allocated on the heap, a call',
      'KB',
      handler.flatMap(({ contracts, floorAllocatedBytes, allocatedBytes }) => [
        floor(`parse + stringify, ${contracts} contracts`, floorAllocatedBytes / 1_024),
        ours(`handler, ${contracts} contracts`, allocatedBytes / 1_024),
      ]),
    );
  if (container)
    group('Container, CPU a record', 'us', [
      floor('kafkajs loop, outputs of our size', container.bareUs),
      floor('platformatic loop, outputs of our size', container.platformaticUs),
      floor('kafkajs loop, its input again', container.echoUs),
      ours('hft-engine processor', container.oursUs),
    ]);
  if (parts) {
    const both = (of: (upkeep: Upkeep) => number): Bar[] => [
      floor('kafkajs loop, outputs of our size', of(parts.bare)),
      ours('processor, container', of(parts.ours)),
      ours('processor, function', of(parts.ofFunction)),
    ];
    const where = (host: string, us: StageCosts): void =>
      group(
        `Where the CPU time of a record goes, ${host}`,
        'us',
        stages.filter((stage) => us[stage] > 0).map((stage) => ours(stage, us[stage])),
      );
    where('container', parts.us);
    where('function', parts.functionUs);
    group(
      'Allocated on the heap, a record',
      'KB',
      both(({ allocatedBytes }) => allocatedBytes / 1_024),
    );
    group(
      'Collections, of the CPU time',
      '%',
      both(({ collectionShare }) => collectionShare * 100),
    );
    group(
      'Read from the brokers, a record',
      'bytes',
      both(({ readBytes }) => readBytes),
    );
  }
  if (memory) group(`Most memory, backlog of ${memory.backlog}`, 'MB', [ours('hft-engine processor', memory.peakMb)]);
  if (lambda)
    group('Function, CPU a record', 'us', [
      floor('runtime client alone', lambda.clientUs),
      ours('container', lambda.containerUs),
      ours('function', lambda.functionUs),
    ]);
  if (instances) {
    const { instances: many, few, ours: own, bare, handler: alone } = instances;
    group('Instances, CPU a record', 'us', [
      ours('1 instance', own.oneUs),
      ours('1 instance, machine kept busy', own.oneBusyUs),
      ...few.map(({ instances: count, togetherUs }) => ours(`${count} instances together`, togetherUs)),
      ours(`${many} instances in turn`, own.inTurnUs),
      ours(`${many} instances together`, own.togetherUs),
      floor(`${many} kafkajs loops in turn`, bare.inTurnUs),
      floor(`${many} kafkajs loops together`, bare.togetherUs),
      floor(`${many} handlers, no broker, in turn`, alone.inTurnUs),
      floor(`${many} handlers, no broker, together`, alone.togetherUs),
    ]);
  }
  if (latency)
    group(`Latency at ${latency.rate} records/s`, 'ms', [
      floor('raw record readable, p50', latency.rawMs.p50),
      floor('raw record readable, p99', latency.rawMs.p99),
      ours('output readable, p50', latency.enrichedMs.p50),
      ours('output readable, p99', latency.enrichedMs.p99),
      floor('output of a kafkajs loop, p50', latency.bare.enrichedMs.p50),
      floor('output of a kafkajs loop, p99', latency.bare.enrichedMs.p99),
    ]);
  for (const contracts of new Set(compression?.topics.map((cost) => cost.contracts))) {
    const costs = compression?.topics.filter((cost) => cost.contracts === contracts) ?? [];
    const name = (codec: string): string =>
      codec === 'producer' ? 'not compressed' : codec === 'lz4' ? 'lz4, by the brokers' : codec;
    const title = `Compression, ${contracts} contracts`;
    group(
      `${title}: CPU of instance, brokers and one reader`,
      'us',
      costs.map((one) => ours(name(one.codec), one.instanceUs + one.brokerUs + one.readerUs + one.brokerReadUs)),
    );
    group(
      `${title}: stored of a record`,
      'bytes',
      costs.map((one) => ours(name(one.codec), one.bytes)),
    );
  }
  if (storage)
    group('Storage, CPU an option row, client and server', 'us', [
      floor('bare COPY of the same rows', totalUs(storage.bare)),
      ours('hft-engine storage', totalUs(storage.ours)),
    ]);
  if (analytics)
    group(
      `Analytics, database time of ${analytics.batch} windows of ${analytics.window}`,
      'ms',
      analytics.costs.map(({ chains, vacuumed, databaseMs }) =>
        ours(`of ${chains} chains, ${vacuumed ? 'vacuumed' : 'just written'}`, databaseMs),
      ),
    );
  return groups;
}
