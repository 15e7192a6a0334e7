import { aimsOf, aimsTable, busyPercent } from './aims.ts';
import { type AnalyticsResult, analyticsTable } from './analytics.ts';
import type { CodecCost } from './codecs.ts';
import { contractsInContainer } from './container.ts';
import type { DispatchCost } from './function.ts';
import type { HandlerCost } from './handler.ts';
import { type StagesResult, stagesTable } from './stages.ts';
import { type StorageResult, storageTable } from './storage.ts';

/** The container beside bare loops, CPU microseconds a record. */
export interface ContainerResult {
  readonly records: number;
  readonly runs: number;
  readonly oursUs: number;
  /** The loop that writes outputs of our size: the same work with no framework. */
  readonly bareUs: number;
  readonly ratio: number;
  /** The loop that writes its input again: a third of the bytes. */
  readonly echoUs: number;
  readonly echoRatio: number;
  /** A loop on `@platformatic/kafka` that writes outputs of our size. */
  readonly platformaticUs: number;
  readonly platformaticRatio: number;
  readonly oursPerSecond: number;
  readonly barePerSecond: number;
  readonly echoPerSecond: number;
  readonly platformaticPerSecond: number;
}

/** Resident memory while a backlog is worked off. */
export interface MemoryResult {
  readonly backlog: number;
  readonly peakMb: number;
  readonly firstHalfPeakMb: number;
  readonly secondHalfPeakMb: number;
}

/** The function host: alone, and under the real runtime client beside the container. */
export interface FunctionResult {
  readonly dispatch: DispatchCost;
  readonly batch: number;
  readonly functionUs: number;
  /** Of it what the runtime client takes by itself: with the same events, and a handler that does nothing. */
  readonly clientUs: number;
  readonly containerUs: number;
  readonly ratio: number;
  /** What the function host takes, without the runtime client, beside the container. */
  readonly hostRatio: number;
  readonly initMs: number;
  readonly emptyInitMs: number;
}

/** What runs as one process and as many: instances, bare kafkajs loops, and the handler with no broker. */
export type InstanceKind = 'ours' | 'bare' | 'handler';

/** CPU a record of processes that are warm. */
export interface InstanceCost {
  /** Of one that has all of the backlog. */
  readonly oneUs: number;
  /** The same beside processes that only compute, one a core: many keep the machine as busy. */
  readonly oneBusyUs: number;
  /** Of many that have a share of it each, one after another, and all together. */
  readonly inTurnUs: number;
  readonly togetherUs: number;
  /** Of the last two, which are equally warm. */
  readonly ratio: number;
  /** Of many together to one that has all of the backlog; and to that one beside processes that compute. */
  readonly ratioToOne: number;
  readonly ratioToBusy: number;
  /** Records that count: those that many handled once each had its partitions and its warm-up behind it. */
  readonly measured: number;
  /** One and many together, in turns: the medians are above, and the median of their ratios. */
  readonly turns: readonly { readonly oneUs: number; readonly togetherUs: number }[];
  /** CPU a record until then, starting included. */
  readonly oneColdUs: number;
  readonly togetherColdUs: number;
}

/** One instance and many over the same backlog, beside what as many processes cost that do less. */
export interface InstancesResult extends Readonly<Record<InstanceKind, InstanceCost>> {
  readonly backlog: number;
  readonly instances: number;
  readonly warmUpRecords: number;
  /** CPU a record of ours, warm, of other numbers of instances together. */
  readonly few: readonly { readonly instances: number; readonly togetherUs: number }[];
}

/**
 * Outputs for a topic that asks for a codec: CPU microseconds a record of the instance and of all brokers meanwhile, of a reader of
 * the outputs and of all brokers meanwhile, and the bytes that one replica stores.
 */
export interface TopicPacking {
  readonly contracts: number;
  /** The topic's `compression.type`; `producer` is none. */
  readonly codec: string;
  readonly records: number;
  readonly instanceUs: number;
  readonly brokerUs: number;
  readonly readerUs: number;
  readonly brokerReadUs: number;
  readonly bytes: number;
}

/** Compression on the way through the brokers, and of batches by themselves. */
export interface CompressionResult {
  readonly topics: readonly TopicPacking[];
  readonly codecs: readonly CodecCost[];
}

/** Of many milliseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

/** From the feed's timestamp, wall time: until the raw record is read, the enriched one is sent, and read. */
export interface Latency {
  /** Fed before anything counts. */
  readonly warmUpSeconds: number;
  readonly records: number;
  readonly rawMs: Quantiles;
  readonly sentMs: Quantiles;
  readonly enrichedMs: Quantiles;
  /** CPU that the instance took, that all brokers of a cluster of ours took, and that nothing took, in cores. */
  readonly instanceCores: number;
  readonly brokerCores?: number;
  readonly idleCores: number;
}

/** Ours, and after it a bare kafkajs loop that writes its input again, on the same brokers. */
export interface LatencyResult extends Latency {
  readonly rate: number;
  /** Of the machine. */
  readonly cores: number;
  /** Whether the rate was looked for that leaves half of the machine idle. How idle it was: `idleCores`. */
  readonly half: boolean;
  /** Whether the brokers' data was in memory; unknown of brokers that were there before. */
  readonly dataInMemory?: boolean;
  /** Java's options and Kafka's settings of those brokers, where they are not those of every local cluster. */
  readonly brokerOptions?: readonly string[];
  readonly seconds: number;
  readonly bare: Latency;
}

/** Where and of what a run was. */
export interface BenchConditions {
  /** Which form of record it is (`conditions.ts`). */
  readonly form: number;
  readonly at: string;
  readonly machine: string;
  readonly node: string;
  /** SHA-256 of the bundle, where there is one. */
  readonly bundle?: string;
}

/** What was measured, by part. */
export interface BenchResult {
  conditions?: BenchConditions;
  /** When each part was, and of which bundle: a record may be gone on with. */
  measured?: Record<string, { readonly at: string; readonly bundle?: string }>;
  handler?: HandlerCost[];
  container?: ContainerResult;
  stages?: StagesResult;
  memory?: MemoryResult;
  function?: FunctionResult;
  instances?: InstancesResult;
  latency?: LatencyResult;
  compression?: CompressionResult;
  storage?: StorageResult;
  analytics?: AnalyticsResult;
}

/** What was done later than that is of a run that went on with the record. */
const longestRunMs = 2 * 3_600_000;

/** The tables that a person reads. */
export function tables(result: BenchResult): string {
  const lines: string[] = [];
  if (result.conditions) {
    const { at, machine, node, bundle } = result.conditions;
    lines.push(`Begun ${at}, ${machine}, Node ${node}, bundle ${bundle?.slice(0, 12) ?? 'none'}`);
    for (const [part, one] of Object.entries(result.measured ?? {})) {
      const afterMs = Date.parse(one.at) - Date.parse(at);
      if (one.bundle !== bundle || afterMs < 0 || afterMs > longestRunMs)
        lines.push(`  ${part}: done ${one.at}, bundle ${one.bundle?.slice(0, 12) ?? 'none'}`);
    }
  }
  if (result.handler) {
    lines.push(
      '',
      'Handler alone                     handler    parse + stringify    ratio    bytes in -> out    V8 heap, both',
    );
    for (const cost of result.handler) {
      lines.push(
        `  ${String(cost.contracts).padStart(3)} contracts            ${us(cost.handlerUs)}           ${us(cost.floorUs)}   ` +
          `${cost.ratio.toFixed(2).padStart(6)}    ${`${cost.inputBytes} -> ${cost.outputBytes}`.padEnd(19)}` +
          `${kb(cost.allocatedBytes)}, ${kb(cost.floorAllocatedBytes)}`,
      );
    }
  }
  if (result.container) {
    const { oursUs, bareUs, ratio, echoUs, echoRatio, records, runs } = result.container;
    const { oursPerSecond, barePerSecond, echoPerSecond } = result.container;
    const { platformaticUs, platformaticRatio, platformaticPerSecond } = result.container;
    const ratioOf = (value: number): string => `ours is ${value.toFixed(2)}x`;
    const row = (name: string, cost: number, rate: number, note: string): string =>
      `  ${name.padEnd(40)}${us(cost)}  ${Math.round(rate).toString().padStart(10)}    ${note}`;
    lines.push(
      '',
      `Container, ${contractsInContainer} contracts a record             CPU a record   records/s    (${records} records, median of ${runs})`,
      row('bare kafkajs loop, its input again', echoUs, echoPerSecond, ratioOf(echoRatio)),
      row('bare kafkajs loop, outputs of our size', bareUs, barePerSecond, ratioOf(ratio)),
      row('bare platformatic loop, outputs as ours', platformaticUs, platformaticPerSecond, ratioOf(platformaticRatio)),
      row('hft-engine processor', oursUs, oursPerSecond, ''),
    );
  }
  if (result.stages) lines.push('', ...stagesTable(result.stages));
  if (result.memory) {
    const { backlog, peakMb, firstHalfPeakMb, secondHalfPeakMb } = result.memory;
    lines.push(
      '',
      `Memory with a backlog of ${backlog}: peak ${peakMb.toFixed(0)} MB ` +
        `(first half ${firstHalfPeakMb.toFixed(0)} MB, second half ${secondHalfPeakMb.toFixed(0)} MB)`,
    );
  }
  if (result.function) {
    const { dispatch, batch, functionUs, clientUs, containerUs, ratio, hostRatio } = result.function;
    const { initMs, emptyInitMs } = result.function;
    lines.push(
      '',
      `Function host alone, ${dispatch.batch} records an event:${us(dispatch.hostUs - dispatch.base64Us)} a record, beside ` +
        `${dispatch.base64Us.toFixed(1)} us of base64`,
      `Function, ${batch} records an event:${us(functionUs)} of CPU a record; container:${us(containerUs)} (${ratio.toFixed(2)}x)`,
      `  of it the runtime client's own:${us(clientUs)}; what is left, the function host's, is ${hostRatio.toFixed(2)}x the container's`,
      `Initialisation under the runtime client: ${initMs.toFixed(0)} ms; of an empty handler: ${emptyInitMs.toFixed(0)} ms`,
    );
  }
  if (result.instances) {
    const { instances, warmUpRecords, few, ours, bare, handler } = result.instances;
    const cells = (values: readonly string[], width: number): string =>
      values.map((value) => value.padStart(width)).join('');
    const row = (name: string, cost: InstanceCost): string =>
      `  ${name.padEnd(38)}${cells([cost.oneUs, cost.oneBusyUs, cost.inTurnUs, cost.togetherUs].map(us), 13)}` +
      `${cells(
        [cost.ratioToOne, cost.ratioToBusy, cost.ratio].map((ratio) => `${ratio.toFixed(2)}x`),
        12,
      )}    (${cost.measured} records${cost.turns.length > 1 ? `, medians of ${cost.turns.length}` : ''})`;
    lines.push(
      '',
      `${'Instances, warm, CPU a record'.padEnd(40)}` +
        `${cells(['one', 'machine busy', `${instances} in turn`, 'together'], 13)}${cells(['/ one', '/ busy', '/ in turn'], 12)}`,
      row('hft-engine processor', ours),
      row('bare kafkajs loop, outputs of our size', bare),
      row('handler alone, no broker', handler),
      ...few.map(({ instances, togetherUs }) => `  hft-engine processor, ${instances} together${us(togetherUs)}`),
      `  up to the first ${warmUpRecords} records of each, starting included:${us(ours.oneColdUs)} and${us(ours.togetherColdUs)}`,
    );
  }
  if (result.compression) lines.push('', ...compressionTable(result.compression));
  if (result.latency) lines.push('', ...latencyTable(result.latency));
  if (result.storage) lines.push('', ...storageTable(result.storage));
  if (result.analytics) lines.push('', ...analyticsTable(result.analytics));
  const aims = aimsOf(result);
  if (aims.length > 0) lines.push('', ...aimsTable(aims));
  return `${lines.join('\n')}\n`;
}

function compressionTable({ topics, codecs }: CompressionResult): string[] {
  return [
    'Compression of outputs, CPU a record       instance    brokers     reader    brokers    bytes a record',
    ...topics.map(({ contracts, codec, instanceUs, brokerUs, readerUs, brokerReadUs, bytes }) => {
      const name = codec === 'producer' ? 'none' : codec === 'lz4' ? 'lz4, by the brokers' : codec;
      return (
        `  ${String(contracts).padStart(3)} contracts, ${name.padEnd(20)} ${us(instanceUs)} ${us(brokerUs)} ${us(readerUs)} ${us(brokerReadUs)}` +
        `    ${Math.round(bytes)}`
      );
    }),
    'A batch by itself, CPU a record                write                unpack    bytes a record',
    ...codecs.map(({ contracts, codec, writeUs, unpackUs, bytes }) => {
      const name = codec === 'lz4' ? "lz4, the bench's" : codec;
      return `  ${String(contracts).padStart(3)} contracts, ${name.padEnd(20)} ${us(writeUs)}            ${us(unpackUs)}    ${Math.round(bytes)}`;
    }),
  ];
}

function latencyTable(result: LatencyResult): string[] {
  const { rate, half, seconds, bare, dataInMemory, brokerOptions } = result;
  const busy = half ? `, looked for half load and found ${busyPercent(result)} %` : '';
  const data = dataInMemory === undefined ? '' : `, brokers' data ${dataInMemory ? 'in memory' : 'on disk'}`;
  const quantiles = ({ p50, p99 }: Quantiles): string => `${p50} and ${p99} ms`.padEnd(18);
  const row = (name: string, latency: Latency): string => {
    const { rawMs, sentMs, enrichedMs, instanceCores, brokerCores, idleCores, records, warmUpSeconds } = latency;
    const brokers = brokerCores === undefined ? '' : `, brokers ${brokerCores.toFixed(2)}`;
    const cores = `${instanceCores.toFixed(2)}${brokers}, idle ${idleCores.toFixed(2)}`;
    const after = `    (${records} records, after ${warmUpSeconds} s)`;
    return `  ${name.padEnd(36)}${[rawMs, sentMs, enrichedMs].map(quantiles).join('')}${cores}${after}`;
  };
  return [
    `Latency at ${rate} records/s${busy}${data}, p50 and p99 from the feed's timestamp (${seconds} s each, after warming up)`,
    `  ${''.padEnd(36)}${['raw read', 'output sent', 'output read'].map((name) => name.padEnd(18)).join('')}cores`,
    row('hft-engine processor', result),
    row('bare kafkajs loop, its input again', bare),
    ...(brokerOptions === undefined ? [] : [`  brokers with ${brokerOptions.join(' ')}`]),
  ];
}

/** Kilobytes, for a person. */
export function kb(bytes: number): string {
  return `${(bytes / 1_024).toFixed(2)} KB`;
}

function us(value: number): string {
  return `${value.toFixed(1)} us`.padStart(10);
}
