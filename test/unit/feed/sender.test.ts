import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAcknowledgements } from '../../../scripts/feed/acknowledgements.ts';
import { createQueue } from '../../../scripts/feed/queue.ts';
import { createSender, type SenderOptions } from '../../../scripts/feed/sender.ts';

type Send = SenderOptions['producer']['sendBatch'];
type Answers = Awaited<ReturnType<Send>>;

/** One request, and the power to answer it. */
interface Request {
  readonly partitions: number[];
  readonly values: string[];
  answer(except?: readonly number[]): Promise<void>;
  refuse(error: Error): Promise<void>;
}

/** A sender of six partitions led by brokers 1 and 2 in turn; what it sends waits in `requests` for an answer. */
function setUp(acksTimeoutMs = 60_000) {
  const requests: Request[] = [];
  const log: string[][] = Array.from({ length: 6 }, () => []);
  const leaders = [1, 2, 1, 2, 1, 2];
  const sendBatch: Send = async ({ topicMessages = [] }) => {
    const messages = topicMessages[0]?.messages ?? [];
    const sent = Promise.withResolvers<Answers>();
    const partitions = [...new Set(messages.map(({ partition = -1 }) => partition))];
    requests.push({
      partitions,
      values: messages.map(({ value }) => String(value)),
      async answer(except = []) {
        const written = partitions.filter((partition) => !except.includes(partition));
        const answers = written.map((partition) => {
          const baseOffset = String(log[partition]?.length);
          const values = messages
            .filter((message) => message.partition === partition)
            .map(({ value }) => String(value));
          log[partition]?.push(...values);
          return { topicName: 'topic', partition, errorCode: 0, baseOffset };
        });
        sent.resolve(answers);
        await vi.advanceTimersByTimeAsync(0);
      },
      async refuse(error) {
        sent.reject(error);
        await vi.advanceTimersByTimeAsync(0);
      },
    });
    return await sent.promise;
  };
  const queue = createQueue(6);
  const acknowledgements = createAcknowledgements('topic', 6);
  const sender = createSender([...leaders], {
    ...{ producer: { sendBatch }, topic: 'topic', queue, acksTimeoutMs, acknowledgements },
    findLeaders: async () => [...leaders],
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  let number = 0;
  function add(...partitions: number[]): void {
    for (const partition of partitions) {
      queue.add({ key: null, partitionKey: partition, value: `${partition}-${number++}`, poison: null }, 1);
    }
  }
  return { requests, log, leaders, queue, sender, add, report: () => acknowledgements.report(queue.held()) };
}

function outage(): Error {
  return Object.assign(new Error('connection lost'), { retriable: true });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the sender', () => {
  test('has one request under way for each broker, and gathers for the next meanwhile', async () => {
    const { requests, add, sender, report, log } = setUp();
    add(0, 1, 2);
    sender.flush('at-once');
    add(0, 3, 4, 0);
    sender.flush('at-once');

    expect(requests.map(({ partitions }) => partitions)).toEqual([[0, 2], [1]]);
    await requests[0]?.answer();
    expect(requests.map(({ partitions }) => partitions)).toEqual([[0, 2], [1], [0, 4]]);
    await requests[1]?.answer();
    await requests[2]?.answer();
    await requests[3]?.answer();

    expect(log).toEqual([['0-0', '0-3', '0-6'], ['1-1'], ['2-2'], ['3-4'], ['4-5'], []]);
    expect(report()).toMatchObject({ acknowledged: 7, pending: 0, lastOffset: [2, 0, 0, 0, 0, null] });
    sender.close();
  });

  test('sends a failed batch again as it was, before anything later, one partition a request', async () => {
    const { requests, add, sender, log, report } = setUp();
    add(0, 2);
    sender.flush('at-once');
    await requests[0]?.refuse(outage());
    add(0, 2, 4);
    sender.flush('at-once');
    expect(requests).toHaveLength(1);

    await vi.advanceTimersByTimeAsync(200);
    expect(requests[1]?.values).toEqual(['0-0']);
    await requests[1]?.refuse(outage());
    await vi.advanceTimersByTimeAsync(200);
    // The one that failed less goes first, so that one bad partition does not hold the others up.
    expect(requests[2]?.values).toEqual(['2-1']);
    await requests[2]?.answer();
    expect(requests[3]?.values).toEqual(['0-0']);
    await requests[3]?.answer();
    await requests[4]?.answer();

    expect(log).toEqual([['0-0', '0-2'], [], ['2-1', '2-3'], [], ['4-4'], []]);
    expect(report()).toMatchObject({ acknowledged: 5, pending: 0 });
    sender.close();
  });

  test('sends a partition that the answer leaves out again, to its new leader', async () => {
    const { requests, add, sender, leaders, log } = setUp();
    add(0, 2, 2);
    sender.flush('at-once');
    leaders[2] = 2;
    await requests[0]?.answer([2]);
    add(2, 3);
    await vi.advanceTimersByTimeAsync(200);

    expect(requests[1]?.values).toEqual(['2-1', '2-2']);
    await requests[1]?.answer();
    expect(requests[2]?.partitions).toEqual([2, 3]);
    await requests[2]?.answer();

    expect(log).toEqual([['0-0'], [], ['2-1', '2-2', '2-3'], ['3-4'], [], []]);
    sender.close();
  });

  test('leaves what is on its way alone, though its partition is found to have moved meanwhile', async () => {
    const { requests, add, sender, leaders, log } = setUp();
    add(0, 1);
    sender.flush('at-once');
    leaders[0] = 2;
    await requests[1]?.refuse(outage());
    await vi.advanceTimersByTimeAsync(200);
    add(0);
    sender.flush('at-once');
    expect(requests.map(({ values }) => values)).toEqual([['0-0'], ['1-1'], ['1-1']]);

    await requests[2]?.answer();
    expect(requests).toHaveLength(3);
    await requests[0]?.answer();
    await requests[3]?.answer();

    expect(log.slice(0, 2)).toEqual([['0-0', '0-2'], ['1-1']]);
    sender.close();
  });

  test('gives up after the time for acknowledgements, in a sentence with the last problem', async () => {
    const { requests, add, sender, report } = setUp(1_000);
    add(0);
    sender.flush('at-once');
    await requests[0]?.refuse(outage());
    const outcome = expect(waitForEnd(sender)).rejects.toThrow(
      /^No acknowledgement for 1 s \(connection lost\); 1 records/,
    );
    await vi.advanceTimersByTimeAsync(1_200);

    await outcome;
    expect(report()).toMatchObject({ acknowledged: 0, pending: 1 });
    sender.close();
  });

  test('does not repeat what cannot be mended', async () => {
    const { requests, add, sender } = setUp();
    add(0);
    sender.flush('at-once');
    const outcome = expect(waitForEnd(sender)).rejects.toThrow(/larger than max\.message\.bytes of 'topic'/);
    await requests[0]?.refuse(Object.assign(new Error('too large'), { retriable: false, type: 'MESSAGE_TOO_LARGE' }));

    await outcome;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(requests).toHaveLength(1);
    sender.close();
  });

  test('in bulk, waits for a full request while one is under way, but never with none', async () => {
    const { requests, add, sender } = setUp();
    add(0);
    sender.flush('bulk');
    expect(requests).toHaveLength(1);
    add(1, 0);
    sender.flush('bulk');
    expect(requests).toHaveLength(1);
    for (let count = 0; count < 2_000; count++) add(1 + 2 * (count % 3));
    sender.flush('bulk');
    expect(requests).toHaveLength(2);
    expect(requests[1]?.values).toHaveLength(750);
    await requests[1]?.answer();
    await requests[0]?.answer();
    expect(requests[2]?.values.length).toBeGreaterThan(0);
    sender.close();
  });
});

test('the queue is bounded by records and by bytes', () => {
  const queue = createQueue(1);
  const record = { key: null, partitionKey: 0, value: '', poison: null };
  for (let count = 0; count < 20_000; count++) queue.add(record, 1);
  expect(queue.room()).toBe(0);

  const large = createQueue(1);
  for (let count = 0; count < 33; count++) large.add({ ...record, value: 'x'.repeat(1024 * 1024) }, 1);
  expect(large.room()).toBe(0);
  large.fillBatch(0);
  expect(large.settle(0)).toHaveLength(1);
  large.fillBatch(0);
  large.settle(0);
  expect(large.room()).toBeGreaterThan(0);
});

async function waitForEnd(sender: ReturnType<typeof createSender>): Promise<void> {
  for (;;) await sender.progress();
}
