import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFunctionHost } from '../../functions/hosts/lambda/host.ts';
import { createEvent, createInvocation, type KafkaEvent } from '../../functions/hosts/lambda/testing.ts';
import type { KafkaPort } from '../../functions/kafka/port.ts';
import type { InboundRecord } from '../../functions/runtime/contract.ts';
import { readSettings } from '../../functions/runtime/read-settings.ts';
import { createRecord, silentLogger } from '../../functions/runtime/testing.ts';
import { createEnvironment } from '../event-source/environment.ts';
import { createMarket } from '../feed/market.ts';
import { CommandError } from '../support/command.ts';
import { type BenchTopics, contractsInContainer, type LoopCost, monotonicUs } from './container.ts';
import { cpuMicroseconds, median } from './cpu.ts';

/** What the function host adds to a record in an event of this size, beside decoding its base64. */
export interface DispatchCost {
  readonly batch: number;
  readonly hostUs: number;
  readonly base64Us: number;
}

const partitions = 60;
const rounds = 15;
const invocationsPerRound = 200;
const distinctEvents = 20;
/** Records of an event, of the runs under the runtime client. */
export const functionBatch = 1_000;

/** Measures the host alone, with a handler that does nothing and no broker. */
export async function benchDispatch(batch: number): Promise<DispatchCost> {
  const events = eventsOf('in', distinctEvents, batch);
  const host = createFunctionHost(
    {
      ...{ name: 'nothing', source: 'in', group: 'g', deadLetters: 'dlq', order: 'partition' },
      retry: { attempts: 1, initialDelayMs: 1, maxDelayMs: 1 },
      handle: () => null,
    },
    readSettings({ KAFKA_BOOTSTRAP_SERVERS: 'none:1' }),
    { kafka: noKafka, log: silentLogger, env: {} },
  );
  const hostUs: number[] = [];
  const base64Us: number[] = [];
  for (let round = -5; round < rounds; round += 1) {
    let before = cpuMicroseconds();
    for (let call = 0; call < invocationsPerRound; call += 1) {
      await host(events[call % distinctEvents], createInvocation());
    }
    if (round >= 0) hostUs.push((cpuMicroseconds() - before) / (invocationsPerRound * batch));
    before = cpuMicroseconds();
    let bytes = 0;
    for (let call = 0; call < invocationsPerRound; call += 1) bytes += decodedBytes(events[call % distinctEvents]);
    if (round >= 0) base64Us.push((cpuMicroseconds() - before) / (invocationsPerRound * batch));
    if (bytes === 0) throw new Error('nothing was decoded');
  }
  return { batch, hostUs: median(hostUs), base64Us: median(base64Us) };
}

function decodedBytes(event: KafkaEvent | undefined): number {
  let bytes = 0;
  for (const records of Object.values(event?.records ?? {})) {
    for (const { key, value } of records) {
      bytes += Buffer.from(key ?? '', 'base64').length + Buffer.from(value ?? '', 'base64').length;
    }
  }
  return bytes;
}

/** A cluster that has the topics, and takes nothing: the handler makes no outputs. */
const noKafka: KafkaPort = {
  reader: () => {
    throw new Error('no keys are parked');
  },
  member: () => {
    throw new Error('a function is no member of a group');
  },
  producer: () => ({
    connect: async () => undefined,
    leaderOf: () => 1,
    refreshLeaders: async () => undefined,
    send: async (batches) => batches.map(() => undefined),
    close: async () => undefined,
  }),
  inspector: () => ({
    topicFacts: async (topics) =>
      new Map(topics.map((topic) => [topic, { topic, partitions, maxMessageBytes: 1_048_576 }])),
    missingRights: async () => [],
    close: async () => undefined,
  }),
};

/** What looks into the process of a run: settings for it, and what is done once the records are, while it still lives. */
export interface Watched {
  readonly env: Readonly<Record<string, string>>;
  readonly done?: (pid: number) => Promise<void>;
}

/** Runs the processor as a function, under the real runtime client, over so many records in events of so many. */
export async function runFunction(
  topics: BenchTopics,
  bundle: string,
  count: number,
  batch: number,
  { env, done }: Watched = { env: {} },
): Promise<LoopCost & { readonly initMs: number }> {
  const environment = await createEnvironment({
    bundle,
    exportName: 'processor',
    timeoutMs: 60_000,
    env: {
      ...env,
      KAFKA_BOOTSTRAP_SERVERS: topics.bootstrapServers.join(','),
      SOURCE_TOPIC: topics.source,
      OUTPUT_TOPIC: topics.output,
      DEAD_LETTER_TOPIC: topics.deadLetters,
    },
  });
  try {
    const events = eventsOf(topics.source, distinctEvents, batch).map((event) => JSON.stringify(event));
    const invocations = Math.ceil(count / batch);
    const warmUp = Math.ceil(invocations / 10);
    let cpuSeconds = 0;
    let startedMs = 0;
    let fromUs = 0;
    for (let call = 0; call < invocations; call += 1) {
      if (call === warmUp) {
        cpuSeconds = environment.cpuSeconds();
        startedMs = performance.now();
        fromUs = monotonicUs();
      }
      const result = await environment.invoke(events[call % distinctEvents] ?? '');
      if (result.kind !== 'response') throw new CommandError(`The function failed: ${result.error.errorMessage}`);
      if (!result.payload.includes('"batchItemFailures":[]'))
        throw new CommandError('The function left records undone.');
    }
    const cost = {
      records: (invocations - warmUp) * batch,
      cpuUs: (environment.cpuSeconds() - cpuSeconds) * 1e6,
      wallMs: performance.now() - startedMs,
      span: { fromUs, toUs: monotonicUs() },
      initMs: environment.initMs,
    };
    await done?.(environment.pid);
    return cost;
  } finally {
    await environment.close();
  }
}

/** What the runtime client itself costs: the same events, and a handler that does nothing with them. */
export async function runEmptyFunction(
  topics: BenchTopics,
  count: number,
  batch: number,
): Promise<LoopCost & { readonly initMs: number }> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-bench-empty-'));
  const bundle = join(dir, 'empty.mjs');
  writeFileSync(bundle, 'export const processor = async () => ({ batchItemFailures: [] });\n');
  try {
    return await runFunction(topics, bundle, count, batch);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Events of one partition each, with records of a believable market. */
function eventsOf(topic: string, count: number, batch: number): KafkaEvent[] {
  const market = createMarket({ symbols: 64, contracts: contractsInContainer, seed: 7 });
  const now = Date.parse('2026-11-23T05:00:00Z');
  return Array.from({ length: count }, (_, index) => {
    const records = Array.from({ length: batch }, (_unused, offset): InboundRecord => {
      const { key, value } = market.next(now);
      return createRecord({ topic, partition: index % partitions, offset, timestamp: now, key, value });
    });
    return createEvent(records);
  });
}
