import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { type EventSource, type EventSourceOptions, startEventSource } from '../../scripts/event-source/source.ts';
import { waitUntilCommitted } from '../support/ledger/commits.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createRunTopics, type RunTopics } from '../support/ledger/topics.ts';
import { writeRecords } from '../support/pipeline.ts';

const bundle = fileURLToPath(new URL('../fixtures/event-source/handlers.mjs', import.meta.url));
const bootstrapServers = inject('bootstrapServers');

interface Call {
  readonly pid: number;
  readonly keys: readonly string[];
  readonly seen: readonly (readonly [partition: string, offset: number, value: string])[];
}

/** A mapping of a fixture's handler to a topic with these values, by partition, which its brokers pack: it is decoded. */
async function start(
  exportName: string,
  values: readonly (readonly string[])[],
  more: Partial<EventSourceOptions> = {},
): Promise<{ topics: RunTopics; source: EventSource; calls: Call[]; committed: () => Promise<void> }> {
  const topics = await createRunTopics(bootstrapServers, {
    ...{ partitions: values.length, deadLetterPartitions: 1 },
    sourceCodec: 'lz4',
  });
  const messages = values.flatMap((list, partition) => list.map((value) => ({ partition, key: 'k', value })));
  await writeRecords(topics.source, messages);
  const calls: Call[] = [];
  const group = { bootstrapServers, groupId: topics.source, topic: topics.source };
  const source = await startEventSource({
    ...group,
    function: { bundle, exportName, env: { SLOW_MS: '1500' }, timeoutMs: 20_000 },
    windowMs: 200,
    onLog(line) {
      if (line.startsWith('{')) calls.push(JSON.parse(line) as Call);
    },
    ...(more.onFailureTopic === undefined ? {} : { onFailureTopic: topics.deadLetters }),
    ...(more.policy === undefined ? {} : { policy: more.policy }),
  });
  onTestFinished(() => void source.stop());
  return { topics, source, calls, committed: () => waitUntilCommitted(group) };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('several partitions share an event, and what is handled is committed', async () => {
  const { source, calls, committed } = await start('success', [['a', 'b'], ['c'], ['d']]);
  await committed();
  const stats = await source.stop();

  expect(stats).toMatchObject({ records: 4, failedInvocations: 0, dropped: 0 });
  expect(Math.max(...calls.map(({ keys }) => keys.length))).toBeGreaterThan(1);
  expect(calls.some(({ pid }) => isAlive(pid))).toBe(false);
});

test('what is reported comes again, and nothing of its partition before it', async () => {
  const { source, calls, committed, topics } = await start('partial', [['a', 'fail 2', 'c'], ['d']]);
  await committed();
  expect(await source.stop()).toMatchObject({ records: 4, partialFailures: 1, retries: 2 });

  const offsets = calls.flatMap(({ seen }) =>
    seen.filter(([name]) => name === `${topics.source}-0`).map(([, at]) => at),
  );
  expect(offsets).toEqual([0, 1, 2, 1, 2, 1, 2]);
});

test('a poison record is split off and sent to the on-failure topic alone, with all that it was', async () => {
  const options = { onFailureTopic: 'the dead letters', policy: { maxRetries: 1 } };
  const { source, calls, committed, topics } = await start(
    'strict',
    [
      ['a', 'b', 'poison 1', 'd'],
      ['e', 'f'],
    ],
    options,
  );
  await committed();
  expect(await source.stop()).toMatchObject({ records: 6, toOnFailure: 1, dropped: 0 });

  const { failed } = await readTopics(bootstrapServers, { failed: topics.deadLetters }, { keepValues: true });
  const [record] = failed.partitions.flat();
  expect(failed.partitions.flat()).toHaveLength(1);
  expect(JSON.parse(String(record?.value))).toMatchObject({
    requestContext: { condition: 'RetryAttemptsExhausted' },
    payload: {
      records: { [`${topics.source}-0`]: [{ offset: 2, value: Buffer.from('poison 1').toString('base64') }] },
    },
  });
  const handled = calls.filter(({ seen }) => !seen.some(([, , value]) => value.startsWith('poison')));
  const first = handled.flatMap(({ seen }) => seen.filter(([name]) => name.endsWith('-0')).map(([, offset]) => offset));
  expect(first).toEqual([0, 1, 3]);
});

test('a stop waits for the invocation under way, commits it, and leaves no process', async () => {
  const { source, calls, committed } = await start('slow', [['a']]);
  await expect.poll(() => calls.length, { timeout: 30_000 }).toBe(1);
  const stats = await source.stop();

  expect(stats).toMatchObject({ records: 1, failedInvocations: 0 });
  await committed();
  expect(calls.map(({ pid }) => isAlive(pid))).toEqual([false]);
});
