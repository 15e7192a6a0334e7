import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openKafkaTarget } from '../../scripts/topics/kafka/kafka-target.ts';
import { type MigrateFlags, migrateOptions } from '../../scripts/topics/migrate/options.ts';
import { migrate } from '../../scripts/topics/migrate/run.ts';
import { ledgerClient } from '../support/ledger/client.ts';
import { waitUntilCommitted } from '../support/ledger/commits.ts';
import { assertClean } from '../support/ledger/format.ts';
import { judge } from '../support/ledger/judge.ts';
import type { LoggedRecord, TopicLog } from '../support/ledger/log.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { startWriter } from '../support/ledger/writer.ts';
import { buildTestBundle, type TestBundle } from '../support/mutants.ts';
import { createPipeline } from '../support/pipeline.ts';

const bootstrapServers = inject('bootstrapServers');
const admin = ledgerClient(bootstrapServers).admin();
const split = { old: 6, new: 12 };
const ratePerSecond = 300;
let bundle: TestBundle;

beforeAll(async () => {
  // The outputs keep their six partitions while the source gets twelve.
  bundle = await buildTestBundle({
    fault: {
      file: 'functions/processor/definition.ts',
      find: "order: 'key',",
      replace: "outputPartitions: 'divides', order: 'key',",
    },
  });
  await admin.connect();
});
afterAll(async () => {
  await admin.disconnect();
  bundle.remove();
});

/** Where a Java producer puts a key, as another client has it. */
const partitioner = kafkajs.Partitioners.DefaultPartitioner();
function place(key: Buffer, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    ...{ partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1], offlineReplicas: [] },
  }));
  return partitioner({ topic: '', partitionMetadata, message: { key, value: null } });
}

async function lengthOf(topic: string): Promise<number> {
  const offsets = await admin.fetchTopicOffsets(topic).catch(() => []);
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}

test('a live topic is moved to twice the partitions, interrupted on the way: nothing lost, nothing twice, in order', async () => {
  const pipeline = await createPipeline({ partitions: split.old, bundle: bundle.path });
  const { source, output, deadLetters } = pipeline.topics;
  const to = `${source}.v2`;
  /** Records of the old topic that the group has committed. */
  const handled = async (): Promise<number> => {
    const [answer] = await admin.fetchOffsets({ groupId: pipeline.groupId, topics: [source] });
    return (answer?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  };
  const flags = { topic: source, to, partitions: String(split.new), group: [pipeline.groupId], quiet: '1s' };
  const run = async (more: MigrateFlags = {}) => {
    const target = await openKafkaTarget('the cluster', { bootstrapServers, security: {} }, []);
    const options = migrateOptions({ ...flags, ...more }, []);
    return await migrate(target, [], options, () => undefined).finally(() => target.close());
  };

  // The group gets ahead, and then falls behind.
  const writer = await pipeline.write({ rate: ratePerSecond, keys: 24, place, poison: { share: 0.02 } });
  const [before] = await pipeline.startAll(1);
  await until(async () => (await handled()) > 100);
  await before?.stop();
  const then = await lengthOf(source);
  await until(async () => (await lengthOf(source)) > then + 2 * ratePerSecond);

  // Killed in the midst of the copy, and taken up again while producers go on.
  const args = ['--topic', source, '--to', to, '--partitions', String(split.new), '--group', pipeline.groupId];
  const killed = await killWhen(['migrate', ...args, '--rate', '100'], async () => (await lengthOf(to)) > 100);
  expect(killed).toBe('SIGKILL');
  const atKill = await lengthOf(to);
  const copied = await run();
  expect(copied).toMatchObject({ phase: 'copied', behind: 0 });
  // What had been written was found and compared: not one record more than the old topic has.
  expect(copied.copied - copied.written).toBeGreaterThanOrEqual(atKill);

  // The group goes on in the old topic meanwhile, and handles some of what is copied already.
  const atFirst = await handled();
  const [meanwhile] = await pipeline.startAll(1);
  await until(async () => (await handled()) > atFirst + 100);
  await expect(run({ 'cut-over': true, wait: '1ms' })).rejects.toThrow('not cut over within');
  await meanwhile?.stop();
  const atStop = await lengthOf(source);
  await until(async () => (await lengthOf(source)) > atStop + 100);
  await expect(run({ 'cut-over': true, wait: '1ms' })).rejects.toThrow(`the producers of ${source} to be stopped`);
  await writer.stop();

  const finished = await run({ 'cut-over': true });
  expect(finished).toMatchObject({ phase: 'finished', behind: 0, groups: [{ groupId: pipeline.groupId }] });
  expect(finished.groups[0]?.waiting).toBeGreaterThan(0);
  const copies = (await admin.fetchTopicOffsets(to)).map(({ partition, high }) => [partition, Number(high)] as const);
  expect(await run({ 'cut-over': true })).toMatchObject({ phase: 'finished', written: 0, groups: [] });

  const after = await startWriter({ bootstrapServers, topic: to, rate: ratePerSecond, keys: 24, place });
  const instance = pipeline.start({ SOURCE_TOPIC: to });
  await until(async () => (await lengthOf(to)) > finished.copied + ratePerSecond);
  await after.stop();
  await waitUntilCommitted({ bootstrapServers, groupId: pipeline.groupId, topic: to, timeoutMs: 40_000 });
  expect(await instance.stop()).toMatchObject({ code: 0 });
  await expect(run({ 'cut-over': true })).rejects.toThrow('finished before');

  const logs = await readTopics(bootstrapServers, { old: source, new: to, output, deadLetters });
  expect(writer.reconcile(logs.old).problems).toEqual([]);
  const joined = joinTopics(logs.old, logs.new, new Map(copies));
  const verdict = judge({
    source: joined.source,
    outputs: joined.rewrite(logs.output),
    deadLetters: joined.rewrite(logs.deadLetters),
    expectations: { fateOf: (record) => writer.fateOf(record) ?? after.fateOf(record), functionName: 'processor' },
  });
  expect(verdict.counts.inputs).toBe(writer.sent + after.sent);
  assertClean(verdict);
}, 300_000);

/** Runs the command until something is so, and kills it with no word. */
async function killWhen(args: readonly string[], isSo: () => Promise<boolean>): Promise<NodeJS.Signals | null> {
  const env = { PATH: process.env.PATH, KAFKA_BOOTSTRAP_SERVERS: bootstrapServers.join(',') };
  const child = spawn(process.execPath, ['scripts/topics.ts', ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('close', (_, signal) => resolve(signal)));
  await until(async () => child.exitCode !== null || (await isSo()));
  if (child.exitCode !== null) throw new Error(`It ended by itself: ${said}`);
  child.kill('SIGKILL');
  return await ended;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Not so after 40 s: ${isSo}`);
    await sleep(50);
  }
}

/**
 * Both topics as the one stream that they are to a key: the old topic's records, in the partitions where their keys go
 * in the new one, and then what producers wrote to the new one. Asserts on the way that the copies, which are the first
 * of each new partition, are the last records of the old topic that belong there, the same to the byte and in order.
 */
function joinTopics(old: TopicLog, moved: TopicLog, copies: ReadonlyMap<number, number>) {
  const topic = 'joined';
  const streams: LoggedRecord[][] = Array.from({ length: split.new }, () => []);
  const places = new Map<string, { partition: number; offset: number }>();
  const add = (partition: number, record: LoggedRecord): number => {
    const stream = streams[partition] ?? [];
    stream.push({ ...record, offset: stream.length });
    return stream.length - 1;
  };
  for (const [from, records] of old.partitions.entries()) {
    for (const record of records) {
      const partition = place(Buffer.from(record.key ?? '', 'latin1'), split.new);
      expect(partition % split.old).toBe(from);
      places.set(`${old.topic}/${from}/${record.offset}`, { partition, offset: add(partition, record) });
    }
  }
  for (const [partition, records] of moved.partitions.entries()) {
    const copied = copies.get(partition) ?? 0;
    const originals = streams[partition] ?? [];
    const first = originals.length - copied;
    const content = ({ key, valueHash, headers, timestampMs }: LoggedRecord) => ({
      key,
      valueHash,
      headers,
      timestampMs,
    });
    expect(records.slice(0, copied).map(content)).toEqual(originals.slice(first).map(content));
    for (const record of records) {
      const offset = record.offset < copied ? first + record.offset : add(partition, record);
      places.set(`${moved.topic}/${partition}/${record.offset}`, { partition, offset });
    }
  }
  return {
    source: { topic, partitions: streams },
    /** Outputs and dead letters, with the names of the joined stream for those of the topics. */
    rewrite: (log: TopicLog): TopicLog => ({
      ...log,
      partitions: log.partitions.map((records) => records.map((record) => ({ ...record, headers: renamed(record) }))),
    }),
  };

  function renamed({ headers }: LoggedRecord): LoggedRecord['headers'] {
    const dead = headers['error.topic'] !== undefined;
    const coordinates = dead
      ? `${headers['error.topic']}/${headers['error.partition']}/${headers['error.offset']}`
      : String(headers.source);
    const at = places.get(coordinates);
    if (at === undefined) return headers;
    if (!dead) return { ...headers, source: `${topic}/${at.partition}/${at.offset}` };
    const names = { 'error.topic': topic, 'error.partition': String(at.partition), 'error.offset': String(at.offset) };
    return { ...headers, ...names };
  }
}
