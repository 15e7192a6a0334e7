import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import type { Examination } from '../../scripts/doctor/examination.ts';
import { createTopics, uniqueName } from '../support/topics.ts';

const bootstrapServers = inject('bootstrapServers');
const client = kafkaClient({ brokers: bootstrapServers, clientId: 'processor-1' });
// A request that is sent again must not write twice.
const producer = client.producer({ idempotent: true });
const admin = client.admin();

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** The command as a person runs it, with no settings but those given. */
async function doctor(flags: readonly string[], settings: Record<string, string> = {}): Promise<Run> {
  const startedAt = performance.now();
  // No local cluster of this machine may come in between.
  const env = { PATH: process.env.PATH, HFT_LOCAL_DIR: join(tmpdir(), 'hft-no-local'), ...settings };
  return await new Promise((resolve) => {
    execFile(process.execPath, ['scripts/doctor.ts', ...flags], { env, encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      resolve({ code, stdout, stderr, ms: performance.now() - startedAt });
    });
  });
}

interface Names {
  readonly group: string;
  readonly topic: string;
  readonly output: string;
  readonly deadLetters: string;
}

function about({ group, topic, output, deadLetters }: Names): string[] {
  const names = ['--group', group, '--topic', topic, '--output-topic', output, '--dead-letter-topic', deadLetters];
  return ['--bootstrap-servers', bootstrapServers.join(','), '--interval', '500ms', ...names];
}

async function examine(names: Names): Promise<{ code: number; seen: Examination; found: string[] }> {
  const { code, stdout, stderr } = await doctor([...about(names), '--json']);
  expect(stderr).toBe('');
  const seen: Examination = JSON.parse(stdout);
  return { code, seen, found: seen.findings.map(({ severity, what }) => `${severity}: ${what}`) };
}

/** One topic set for each test, all made at once. */
const sets = ['well', 'abandoned', 'doubled', 'stuck'] as const;
const named = {} as Record<(typeof sets)[number], Names>;

beforeAll(async () => {
  const keys = sets.flatMap((set) => [`${set}.raw`, `${set}.enriched`, `${set}.dlq`]);
  const made = await createTopics(Object.fromEntries(keys.map((key) => [key, { partitions: 3 }])));
  const name = (key: string) => made[key] ?? '';
  for (const set of sets) {
    named[set] = {
      group: uniqueName(`${set}-group`),
      topic: name(`${set}.raw`),
      output: name(`${set}.enriched`),
      deadLetters: name(`${set}.dlq`),
    };
  }
  await Promise.all([producer.connect(), admin.connect()]);
});

afterAll(async () => {
  await Promise.all([producer.disconnect(), admin.disconnect()]);
});

async function write(topic: string, records: readonly { partition: number; headers?: Record<string, string> }[]) {
  await producer.send({ topic, messages: records.map((record) => ({ ...record, key: '7', value: '{}' })) });
}

test('a group that keeps up: exit code 0, and who owns what', async () => {
  const names = named.well;
  const partitions = [0, 0, 1, 1, 2];
  await write(
    names.topic,
    partitions.map((partition) => ({ partition })),
  );
  const outputs = partitions.map((partition, index) => ({
    partition,
    headers: { source: `${names.topic}/${partition}/${index < 4 ? index % 2 : 0}` },
  }));
  await write(names.output, outputs);
  const consumer = client.consumer({ groupId: names.group, heartbeatInterval: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic: names.topic, fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
  await joined;
  const ends = ['2', '2', '1'].map((offset, partition) => ({ partition, offset }));
  // On a new cluster the coordinator may just be moving: what a commit says is looked after.
  await vi.waitFor(
    async () => {
      await consumer.commitOffsets(ends.map((end) => ({ topic: names.topic, ...end })));
      const [stored] = await admin.fetchOffsets({ groupId: names.group, topics: [names.topic] });
      const offsets = new Map(stored?.partitions.map(({ partition, offset }) => [partition, offset]));
      expect(offsets).toEqual(new Map(ends.map(({ partition, offset }) => [partition, offset])));
    },
    { timeout: 20_000, interval: 200 },
  );

  const [{ code, seen, found }, text] = await Promise.all([examine(names), doctor(about(names))]);
  await consumer.disconnect();

  expect(found).toEqual([]);
  expect(code).toBe(0);
  expect(seen.cluster?.brokers).toHaveLength(3);
  expect(seen.group?.group).toMatchObject({ state: 'Stable', members: [{ clientId: 'processor-1' }] });
  expect(seen.group?.group?.members[0]?.assigned).toEqual([{ topic: names.topic, partitions: [0, 1, 2] }]);
  expect(seen.group?.lag).toMatchObject({ total: 0, growing: false });
  expect(seen.records?.sources).toMatchObject({ sampled: 5, doubled: [], disordered: [] });
  expect(seen.records?.delay?.outputs).toBe(3);
  expect(text.code).toBe(0);
  expect(text.stdout).toContain('✓ All is well.');
  expect(text.stdout).toMatch(/processor-1 +127\.0\.0\.1 +3 +0 +0-2\n/);
  expect(text.stdout.split('\n').length).toBeLessThan(40);
});

test('records that nobody reads, and offsets that the topic does not hold', async () => {
  const names = named.abandoned;
  await write(names.topic, [{ partition: 0 }, { partition: 0 }, { partition: 1 }]);
  await admin.setOffsets({
    groupId: names.group,
    topic: names.topic,
    partitions: [
      { partition: 0, offset: '1' },
      { partition: 2, offset: '40' },
    ],
  });

  const { code, seen, found } = await examine(names);

  expect(code).toBe(1);
  expect(found).toEqual([
    `warning: group ${names.group} has no members`,
    `problem: the offsets of ${names.group} are beyond the end of 1 partition of ${names.topic}: 2`,
    `problem: 2 records of ${names.topic} wait in 2 partitions, and nobody reads them`,
  ]);
  expect(seen.group?.lag?.partitions.map(({ lag, committed }) => [lag, committed])).toEqual([
    [1, 1],
    [1, null],
    [0, 40],
  ]);
});

test('a member that finishes nothing stands still', async () => {
  const names = named.stuck;
  await write(names.topic, [{ partition: 0 }, { partition: 2 }]);
  const consumer = client.consumer({ groupId: names.group, heartbeatInterval: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic: names.topic, fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
  await joined;

  const { found } = await examine(names);
  await consumer.disconnect();

  expect(found).toHaveLength(2);
  expect(found[0]).toContain(`${names.group} has committed nothing in 2 partitions`);
  expect(found[1]).toMatch(/^warning: 2 partitions of .* stand still with 2 records waiting, .*: 0, 2$/);
});

test('doubled and overtaken outputs, and dead letters whose text is not trusted', async () => {
  const names = named.doubled;
  const output = (partition: number, offset: number) => ({
    partition,
    headers: { source: `${names.topic}/${partition}/${offset}` },
  });
  await write(names.output, [output(0, 1), output(0, 2), output(0, 1), output(0, 2), output(1, 1)]);
  await write(names.output, [output(2, 1), output(2, 3), output(2, 2)]);
  const headers = { 'error.code': 'DECODE_FAILED', 'error.message': 'bad \u001b[2J\u202e\nbytes' };
  await write(names.deadLetters, [{ partition: 1, headers }]);

  const [{ code, found }, { stdout }] = await Promise.all([examine(names), doctor(about(names))]);

  expect(code).toBe(1);
  expect(found).toContain(
    `warning: 2 of the last 8 records of ${names.output} are doubled, from partitions 0 of ${names.topic}`,
  );
  expect(found).toContain(
    `problem: 1 of the last 8 records of ${names.output} are out of order, from partitions 2 of ${names.topic}`,
  );
  expect(found.some((line) => line.startsWith(`warning: 1 dead letter in ${names.deadLetters}`))).toBe(true);
  expect(stdout).toContain('DECODE_FAILED: bad \\u{1b}[2J\\u{202e}\\u{a}bytes');
});

test('a missing topic', async () => {
  const { code, found } = await examine({ ...named.well, topic: 'no.such.topic' });
  expect(code).toBe(1);
  expect(found[0]).toBe('problem: missing: topic no.such.topic');
});

test('brokers that refuse, or take the connection and say nothing: one finding each, soon', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  const port = typeof address === 'object' && address ? address.port : 0;

  const [refused, hung] = await Promise.all([
    doctor(['--bootstrap-servers', '127.0.0.1:1']),
    doctor(['--bootstrap-servers', `127.0.0.1:${port}`]),
  ]);
  silent.close();

  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('problem: no broker answers at 127.0.0.1:1.\n      why: Nothing listens there.');
  expect(hung.code).toBe(1);
  expect(hung.stdout).toContain('It takes connections, but does not answer.');
  expect(refused.ms).toBeLessThan(10_000);
  expect(hung.ms).toBeLessThan(15_000);
});

test('settings: all that is wrong at once, from the environment and from a file', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'hft-doctor-'));
  const file = join(dir, '.env');
  writeFileSync(file, 'LOG_LEVEL=loud\nKAFKA_LINGER_MS=9\nKAFKA_BOOTSTRAP_SERVER=typo:1\n');
  const { code, stdout } = await doctor(['--env-file', file], { METRICS_PORT: 'x', KAFKA_PASSWORD: 'hunter2' });
  rmSync(dir, { recursive: true });

  expect(code).toBe(1);
  expect(stdout).toContain('KAFKA_BOOTSTRAP_SERVERS is not set');
  expect(stdout).toContain("METRICS_PORT is 'x', but takes");
  expect(stdout).toContain("LOG_LEVEL is 'loud', but takes");
  expect(stdout).toContain('KAFKA_BOOTSTRAP_SERVER is not a setting');
  expect(stdout).toMatch(/KAFKA_LINGER_MS +9 +env file/);
  expect(stdout).toMatch(/KAFKA_PASSWORD +\*\*\*\* +environment/);
  expect(stdout).not.toContain('hunter2');
});

test('called wrongly: exit code 2', async () => {
  const { code, stderr } = await doctor(['--interval', 'soon', '--sample', 'many']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^doctor: .*--interval.*--sample.*\n$/);
});
