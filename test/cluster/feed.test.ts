import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, inject, test } from 'vitest';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import type { FeedReport } from '../../scripts/feed/acknowledgements.ts';
import { poisonKinds } from '../../scripts/feed/poison.ts';
import { marketSource } from '../../scripts/feed/records.ts';
import { type Feed, startFeed } from '../../scripts/feed/start.ts';
import { createTopics, uniqueName } from '../support/topics.ts';

const bootstrapServers = inject('bootstrapServers');
const client = kafkaClient({ brokers: bootstrapServers, clientId: 'feed-test' });

let topics = { bytes: '', rate: '', command: '' };
beforeAll(async () => {
  topics = await createTopics({ bytes: { partitions: 12 }, rate: {}, command: {} });
});

async function endOffsets(topic: string): Promise<number[]> {
  const admin = client.admin();
  await admin.connect();
  const ends: number[] = [];
  for (const { partition, high } of await admin.fetchTopicOffsets(topic)) ends[partition] = Number(high);
  await admin.disconnect();
  return ends;
}

interface Read {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: string;
}

/** All records of a topic, each partition's in order. */
async function readAll(topic: string, count: number): Promise<Read[]> {
  const consumer = client.consumer({ groupId: uniqueName('feed-test') });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const read: Read[] = [];
  const complete = Promise.withResolvers<void>();
  await consumer.run({
    eachMessage: async ({ partition, message: { key, value, timestamp } }) => {
      read.push({ partition, key: key?.toString() ?? null, value: value?.toString('latin1') ?? null, timestamp });
      if (read.length >= count) complete.resolve();
    },
  });
  await complete.promise;
  await consumer.disconnect();
  return read.sort((left, right) => left.partition - right.partition);
}

test('what was acknowledged is what the brokers hold, byte for byte and in order of the key', async () => {
  const topic = topics.bytes;
  const options = { symbols: 40, contracts: 4, seed: 11 };
  const now = () => 1_795_410_000_000;

  const feed = await startFeed({ bootstrapServers, topic, ...options, poisonShare: 0.1, count: 3_000, now });
  const report = await feed.done;

  expect(report).toMatchObject({ acknowledged: 3_000, pending: 0 });
  expect(report.perPartition).toEqual(await endOffsets(topic));
  expect(report.lastOffset).toEqual(report.perPartition.map((count) => (count > 0 ? count - 1 : null)));
  expect(report.firstOffset).toEqual(report.perPartition.map((count) => (count > 0 ? 0 : null)));

  const expected = await marketSource(options, 0.1).pull(3_000, now());
  expect(report.poison).toBe(expected.filter(({ poison }) => poison).length);
  expect(Object.keys(report.poisonByKind).sort()).toEqual(poisonKinds.toSorted());
  const sent = expected.map(({ key, partitionKey, value }) => ({
    partition: partitionKey % 12,
    key: key?.toString() ?? null,
    value: typeof value === 'string' ? value : (value?.toString('latin1') ?? null),
    timestamp: String(now()),
  }));
  expect(await readAll(topic, 3_000)).toEqual(sent.sort((left, right) => left.partition - right.partition));
});

test('keeps a rate, changes it while it runs, and stops with all acknowledged', async () => {
  const topic = topics.rate;

  const feed = await startFeed({ bootstrapServers, topic, contracts: 2, rate: 200 });
  const slow = await ratio(feed, 200, 1_500);
  feed.setRate(2_000);
  const fast = await ratio(feed, 2_000, 1_000);
  const report = await feed.stop();

  for (const kept of [slow, fast]) {
    expect(kept).toBeGreaterThan(0.5);
    expect(kept).toBeLessThan(1.2);
  }
  expect(report.pending).toBe(0);
  expect(report.perPartition).toEqual(await endOffsets(topic));
});

/** What a feed had acknowledged over a time, as a share of what its rate makes of the time that really passed. */
async function ratio(feed: Feed, rate: number, ms: number): Promise<number> {
  const before = feed.report().acknowledged;
  const startMs = performance.now();
  await sleep(ms);
  return (feed.report().acknowledged - before) / ((rate * (performance.now() - startMs)) / 1_000);
}

/** Runs the command, and interrupts it once `until` is in what it said on standard error. */
async function command(args: string[], until?: string): Promise<{ code: number | null; out: string; problem: string }> {
  const child = execFile(process.execPath, [
    'scripts/feed.ts',
    '--bootstrap-servers',
    bootstrapServers.join(),
    ...args,
  ]);
  let out = '';
  let problem = '';
  let waited = until;
  child.stdout?.on('data', (text: string) => {
    out += text;
  });
  child.stderr?.on('data', (text: string) => {
    problem += text;
    if (!waited || !problem.includes(waited)) return;
    // Once: a second signal would end it unheard.
    waited = undefined;
    child.kill('SIGINT');
  });
  const [code] = await once(child, 'close');
  return { code, out, problem };
}

test('the command, interrupted, waits for acknowledgements and reports them', async () => {
  const topic = topics.command;

  const flags = ['--topic', topic, '--rate', '500', '--contracts', '2', '--json'];
  const { code, out, problem } = await command(flags, 'pending');

  expect(problem).toContain('stopping');
  const report: FeedReport = JSON.parse(out);
  expect(code).toBe(0);
  expect(report.acknowledged).toBeGreaterThan(100);
  expect(report.perPartition).toEqual(await endOffsets(topic));
});

test('a missing topic is one sentence with the remedy, and is not created', async () => {
  const topic = uniqueName('missing');

  const { code, out, problem } = await command(['--topic', topic]);

  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(problem).toMatch(new RegExp(`^feed: There is no topic '${topic}' at .*: make the topics with .*\\n$`));
  const admin = client.admin();
  await admin.connect();
  expect(await admin.listTopics()).not.toContain(topic);
  await admin.disconnect();
});
