import { setTimeout as sleep } from 'node:timers/promises';
import type { EachBatchPayload, KafkaMessage, Message } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ledgerClient } from '../support/ledger/client.ts';
import { readCommitHistory } from '../support/ledger/commit-history.ts';
import { startCommitSampler, waitUntilCommitted } from '../support/ledger/commits.ts';
import { assertClean, describeVerdict, violationsOf } from '../support/ledger/format.ts';
import { judge } from '../support/ledger/judge.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createRunTopics, type RunTopics } from '../support/ledger/topics.ts';
import type { FindingKind, Verdict } from '../support/ledger/verdict.ts';
import { startWriter, type Writer } from '../support/ledger/writer.ts';

// The ledger judges a small application written here, which has nothing of the engine in it: correct, then with bugs.

const bootstrapServers = inject('bootstrapServers');
const partitions = 6;

type Bug =
  | 'commits, then crashes'
  | 'drops one'
  | 'swaps two'
  | 'ignores a failed dead letter'
  | 'commits what it queued';

interface App {
  /** Resolves when it has crashed. */
  readonly crashed: Promise<void>;
  stop(): Promise<void>;
}

/** Copies JSON, passes over what says `skip`, makes a dead letter of the rest; commits a batch once it is produced. */
async function startApp(topics: RunTopics, groupId: string, bug?: Bug): Promise<App> {
  const kafka = ledgerClient(bootstrapServers);
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 100 });
  const crash = Promise.withResolvers<void>();
  let dead = false;
  let bugs = 0;

  async function eachBatch({ batch, resolveOffset }: EachBatchPayload): Promise<void> {
    if (dead) return;
    const offset = String(Number(batch.lastOffset()) + 1);
    const commit = () => consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset }]);
    if (bug === 'commits, then crashes' && bugs++ === 2) {
      await commit();
      dead = true;
      return crash.resolve();
    }
    if (bug === 'commits what it queued') {
      await commit();
      await sleep(50);
      // The process is gone by the time at which the queue would have been worked off.
      if (bugs++ === 2) dead = true;
      if (dead) return crash.resolve();
    }
    const outputs: Message[] = [];
    const letters: Message[] = [];
    for (const message of batch.messages) {
      const verdict = verdictOn(message);
      if (verdict === 'copy') outputs.push(outputOf(message, batch));
      if (verdict === 'die' && !(bug === 'ignores a failed dead letter' && bugs++ === 0)) {
        letters.push(deadLetterOf(message, batch));
      }
    }
    if (bug === 'drops one' && bugs++ === 2) outputs.splice(outputs.length >> 1, 1);
    if (bug === 'swaps two') swapTwoOfAKey(outputs);
    const topicMessages = [
      { topic: topics.output, messages: outputs },
      { topic: topics.deadLetters, messages: letters },
    ];
    await producer.sendBatch({ acks: -1, topicMessages: topicMessages.filter(({ messages }) => messages.length > 0) });
    if (bug !== 'commits what it queued') await commit();
    resolveOffset(batch.lastOffset());
  }

  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic: topics.source, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
  return {
    crashed: crash.promise,
    async stop() {
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
}

function verdictOn({ value }: KafkaMessage): 'copy' | 'skip' | 'die' {
  try {
    return JSON.parse(String(value)).skip ? 'skip' : 'copy';
  } catch {
    return 'die';
  }
}

function outputOf(
  { key, value, offset, headers }: KafkaMessage,
  { topic, partition }: EachBatchPayload['batch'],
): Message {
  return { key, value, partition, headers: { ...headers, source: `${topic}/${partition}/${offset}` } };
}

function deadLetterOf(message: KafkaMessage, { topic, partition }: EachBatchPayload['batch']): Message {
  const { key, value, offset, timestamp, headers } = message;
  const error = {
    ...{ 'error.code': 'DECODE_FAILED', 'error.message': 'not JSON', 'error.function': 'copy', 'error.attempts': '1' },
    ...{ 'error.topic': topic, 'error.partition': String(partition), 'error.offset': offset },
    'error.timestamp': timestamp,
  };
  return { key, value, partition: partition % 3, headers: { ...headers, ...error } };
}

function swapTwoOfAKey(outputs: Message[]): void {
  const other = outputs.findIndex(({ key }, index) => index > 0 && String(key) === String(outputs[0]?.key));
  const [first, second] = [outputs[0], outputs[other]];
  if (!first || !second) return;
  outputs[0] = second;
  outputs[other] = first;
}

function writeSource(topic: string, count: number, rate: number): Promise<Writer> {
  return startWriter({
    ...{ bootstrapServers, topic, count, rate, keys: 12, nullKeyShare: 0.05 },
    poison: {
      share: 0.1,
      make: (keyIndex, sequence, _nowMs, turn) =>
        turn % 2 === 0
          ? { value: Buffer.from(`not JSON ${sequence}`), fate: 'DECODE_FAILED' }
          : { value: Buffer.from(JSON.stringify({ keyIndex, sequence, skip: true })), fate: 'filtered' },
    },
  });
}

/** Reads back what the brokers hold and judges it, with every commit that they took. */
async function judgeRun(writer: Writer, topics: RunTopics, groupId: string): Promise<Verdict> {
  const { source, output: outputs, deadLetters } = topics;
  const logs = await readTopics(bootstrapServers, { source, outputs, deadLetters });
  expect(writer.reconcile(logs.source)).toMatchObject({ problems: [] });
  return judge({
    ...logs,
    commitSamples: await readCommitHistory({ bootstrapServers, groupId, topic: source }),
    expectations: { fateOf: writer.fateOf, functionName: 'copy', outputHashOf: ({ valueHash }) => valueHash },
  });
}

describe('a correct application', () => {
  test('is judged clean, by the commits sampled and by all that were made', async () => {
    const topics = await createRunTopics(bootstrapServers, { partitions, deadLetterPartitions: 3 });
    const group = { bootstrapServers, groupId: topics.source, topic: topics.source };
    const sampler = startCommitSampler(group);
    const app = await startApp(topics, group.groupId);
    const writer = await writeSource(topics.source, 1_000, 500);
    try {
      await writer.done;
      await waitUntilCommitted(group);
    } finally {
      await Promise.all([app.stop(), writer.stop()]);
    }
    const samples = await sampler.stop();
    const verdict = await judgeRun(writer, topics, group.groupId);

    // See below: its client may double a batch on a slow machine, and nothing else.
    assertClean(verdict, { allowUncommitted: 0, allowDuplicates: 200 });
    expect(verdict.counts).toMatchObject({ inputs: 1_000, distinctOutputs: expect.any(Number) });
    expect(verdict.counts.filtered).toBeGreaterThan(30);
    expect(verdict.counts.deadLetters).toBeGreaterThan(30);
    expect(samples.length).toBeGreaterThan(partitions);
    const logs = await readTopics(bootstrapServers, { source: topics.source, outputs: topics.output });
    const sampled = judge({ ...logs, commitSamples: samples, expectations: { fateOf: () => 'filtered' } });
    expect(sampled).toMatchObject({ commitsAhead: { total: 0 }, commitsBackwards: { total: 0 }, uncommitted: 0 });
  });

  test('leaves logs that the reader gives back byte for byte', async () => {
    const topics = await createRunTopics(bootstrapServers, { partitions: 2 });
    const producer = ledgerClient(bootstrapServers).producer();
    await producer.connect();
    const key = Buffer.from([0x00, 0xff, 0x31]);
    const value = Buffer.from([0xfe, 0x00]);
    const headers = { one: Buffer.from([0xff]), many: ['a', 'b'], empty: '' };
    await producer.send({ topic: topics.output, messages: [{ partition: 1, key, value, headers, timestamp: '1000' }] });
    await producer.send({
      topic: topics.source,
      messages: [{ partition: 0, key: null, value: null, timestamp: '1000' }],
    });
    await producer.disconnect();
    const beforeMs = Date.now();

    const logs = await readTopics(bootstrapServers, topics, { keepValues: true });

    expect(logs.source.partitions).toEqual([
      [{ offset: 0, timestampMs: 1_000, key: null, valueHash: null, headers: {}, value: null }],
      [],
    ]);
    expect(logs.output.partitions[1]).toMatchObject([
      { offset: 0, key: '\x00\xff1', value, headers: { one: '\xff', many: ['a', 'b'], empty: '' } },
    ]);
    const appendedMs = logs.output.partitions[1]?.[0]?.timestampMs;
    expect(appendedMs).toBeGreaterThan(beforeMs - 10_000);
    expect(appendedMs).toBeLessThanOrEqual(Date.now());
    expect(logs.deadLetters.partitions).toEqual([[], []]);
  });
});

describe('an application that', () => {
  let writer: Writer;
  let source: string;

  beforeAll(async () => {
    source = (await createRunTopics(bootstrapServers, { partitions })).source;
    writer = await writeSource(source, 600, Number.POSITIVE_INFINITY);
    await writer.done;
  });
  afterAll(() => writer.stop());

  const bugs: readonly [bug: Bug, found: readonly FindingKind[]][] = [
    ['commits, then crashes', ['lost', 'missingDead', 'commitsAhead']],
    ['drops one', ['lost', 'commitsAhead']],
    ['swaps two', ['reordered']],
    ['ignores a failed dead letter', ['missingDead', 'commitsAhead']],
    ['commits what it queued', ['lost', 'missingDead', 'commitsAhead']],
  ];

  test.each(bugs)('%s is found out: %s', async (bug, found) => {
    const created = await createRunTopics(bootstrapServers, { partitions, deadLetterPartitions: 3 });
    const topics = { ...created, source };
    const group = { bootstrapServers, groupId: created.source, topic: source };
    let app = await startApp(topics, group.groupId, bug);
    try {
      if (bug.startsWith('commits')) {
        await app.crashed;
        await app.stop();
        app = await startApp(topics, group.groupId);
      }
      await waitUntilCommitted(group);
    } finally {
      await app.stop();
    }
    const verdict = await judgeRun(writer, topics, group.groupId);

    // On a slow machine a broker may store a batch and answer too late: the client of this application then doubles it.
    const violations = violationsOf(verdict).filter((kind) => kind !== 'duplicates');
    expect(violations, describeVerdict(verdict)).toEqual(found);
    expect(() => assertClean(verdict)).toThrow('The run is not clean.');
    if (bug === 'drops one') expect(verdict).toMatchObject({ lost: { total: 1 }, unaccounted: 1 });
    if (bug === 'ignores a failed dead letter') expect(verdict).toMatchObject({ missingDead: { total: 1 } });
  });
});
