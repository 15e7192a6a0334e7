import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startPoller } from '../../../scripts/event-source/poller.ts';
import { fakeClient } from './fake-client.ts';

test('who leaves waits for the commit that is under way: else what it says would be delivered again', async () => {
  const events: string[] = [];
  const answer = Promise.withResolvers<void>();
  const client = fakeClient({
    commitOffsets: async () => {
      events.push('commit begins');
      await answer.promise;
      events.push('commit ends');
    },
    disconnect: async () => void events.push('left'),
  });
  const poller = await startPoller({
    ...client.options,
    deliver: async (batch, done) => done(batch),
  });
  await client.fetched('0');
  await vi.waitFor(() => expect(events).toEqual(['commit begins']), { timeout: 10_000 });

  const stopped = poller.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(events).toEqual(['commit begins']);
  answer.resolve();
  await stopped;

  expect(events).toEqual(['commit begins', 'commit ends', 'left']);
});

test('when the group has shared its partitions out anew, no commit and no delivery is tried again: others may be further', async () => {
  const commits: unknown[] = [];
  const answer = Promise.withResolvers<void>();
  let tries: AbortSignal | undefined;
  const client = fakeClient({
    async commitOffsets(offsets: unknown) {
      commits.push(offsets);
      await answer.promise;
    },
  });
  const poller = await startPoller({
    ...client.options,
    async deliver(batch, done, signal) {
      tries = signal;
      done(batch);
    },
  });
  await client.fetched('0');
  await vi.waitFor(() => expect(commits).toHaveLength(1), { timeout: 10_000 });
  expect(tries?.aborted).toBe(false);

  client.tell('join', { payload: { memberAssignment: { in: [1] } } });
  expect(tries?.aborted).toBe(true);
  answer.reject(new Error('the group is rebalancing'));
  await poller.stop();

  expect(commits).toHaveLength(1);
});

test('before it joins its group again, what is under way ends, is committed, and nothing else begins', async () => {
  const events: string[] = [];
  const ends = Promise.withResolvers<void>();
  const cluster = {};
  const client = fakeClient(
    {
      commitOffsets: async (offsets: unknown) => void events.push(`commit ${JSON.stringify(offsets)}`),
    },
    cluster,
  );
  const poller = await startPoller({
    ...client.options,
    async deliver(batch, done, signal) {
      events.push(`begins ${batch[0]?.record.offset}`);
      await ends.promise;
      events.push(`ends, ${signal.aborted ? 'no retry' : 'retries'}`);
      done(batch);
    },
  });
  await client.fetched('0', '1');
  await vi.waitFor(() => expect(events).toEqual(['begins 0']), { timeout: 10_000 });

  const group: ConsumerGroup = Object.create(ConsumerGroup.prototype);
  const joined = Object.assign(group, { cluster, generationId: 3, memberId: 'm', coordinator: null }).joinAndSync();
  const join = joined.catch(() => void events.push('joins')); // it has no brokers
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(events).toEqual(['begins 0']);
  ends.resolve();
  await join;
  await poller.stop();

  expect(events).toEqual(['begins 0', 'ends, no retry', 'commit [{"topic":"in","partition":0,"offset":"1"}]', 'joins']);
});

test('partitions that were paused are read again after a join: whoever has them then', async () => {
  const told: unknown[] = [];
  const client = fakeClient({
    pause: ([one]: { partitions: number[] }[]) => told.push(['pause', one?.partitions]),
    resume: ([one]: { partitions: number[] }[]) => told.push(['resume', one?.partitions]),
  });
  const poller = await startPoller({
    ...client.options,
    // Busy: what is fetched waits.
    busy: new Set([0]),
    deliver: async (batch, done) => done(batch),
  });
  await client.fetched('0', '1', '2');
  client.tell('join', { payload: { memberAssignment: { in: [0] } } });
  await poller.stop();

  expect(told).toEqual([
    ['pause', [0]],
    ['resume', [0]],
  ]);
});

test('a poller that was stopped for a session delivers nothing until the group says that it is a member', async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  onTestFinished(() => void vi.useRealTimers());
  const delivered: number[] = [];
  const client = fakeClient();
  const heartbeat = (sentAt: number): void => {
    client.tell('request', { payload: { apiName: 'Heartbeat', sentAt } });
    client.tell('heartbeat', {});
  };
  const poller = await startPoller({
    ...client.options,
    concurrency: 5,
    async deliver(batch, done) {
      delivered.push(...batch.map(({ record }) => record.offset));
      done(batch);
    },
  });
  await client.fetched('7');

  const stoppedAtMs = Date.now();
  vi.setSystemTime(stoppedAtMs + 20_000);
  await vi.advanceTimersByTimeAsync(100);
  expect(delivered).toEqual([]);
  heartbeat(stoppedAtMs); // the answer was on its way all the time
  await vi.advanceTimersByTimeAsync(100);
  expect(delivered).toEqual([]);
  heartbeat(Date.now());
  await vi.advanceTimersByTimeAsync(100);
  expect(delivered).toEqual([7]);
  await poller.stop();
});

test('what is done of a topic that was deleted is not committed: it may be there again, with other records', async () => {
  const commits: unknown[] = [];
  const ends = Promise.withResolvers<void>();
  const cluster = { refreshMetadata: async () => undefined };
  let delivered = false;
  const client = fakeClient(
    {
      commitOffsets: async (offsets: unknown) => void commits.push(offsets),
    },
    cluster,
  );
  const poller = await startPoller({
    ...client.options,
    async deliver(batch, done) {
      delivered = true;
      await ends.promise;
      done(batch);
    },
  });
  await client.fetched('0');
  await vi.waitFor(() => expect(delivered).toBe(true), { timeout: 10_000 });

  const group: ConsumerGroup = Object.create(ConsumerGroup.prototype);
  Object.assign(group, {
    cluster,
    logger: { debug: () => undefined },
    generationId: 3,
    memberId: 'm',
    coordinator: null,
  });
  await group.recoverFromFetch(createErrorFromCode(3));
  ends.resolve();
  await expect(group.fetch('1')).rejects.toThrow(TypeError); // it joins again, without brokers
  await poller.stop();
  expect(commits).toEqual([]);
});
