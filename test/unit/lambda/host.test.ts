import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFunctionHost } from '../../../functions/hosts/lambda/host.ts';
import { createEvent, createInvocation } from '../../../functions/hosts/lambda/testing.ts';
import type { KafkaPort, ProduceBatch, SendFailure } from '../../../functions/kafka/port.ts';
import type { HandlerResult, InboundRecord, RecordFunction } from '../../../functions/runtime/contract.ts';
import { BadInputError, DependencyDownError, RetryableError, StartupError } from '../../../functions/runtime/errors.ts';
import { readSettings } from '../../../functions/runtime/read-settings.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';
import { createRecordingLogger } from '../../support/fakes.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Send = (batches: readonly ProduceBatch[]) => Promise<readonly (SendFailure | undefined)[]>;

function setUp(handle: (record: InboundRecord, signal: AbortSignal) => HandlerResult | Promise<HandlerResult>) {
  const state = {
    ...{ made: 0, closed: 0, setups: 0, topicsAsked: 0, unreachable: false, missing: new Set<string>() },
    setup: async (): Promise<unknown> => undefined,
    askTopics: async (): Promise<unknown> => undefined,
    connect: async (): Promise<unknown> => undefined,
  };
  const stored: string[] = [];
  let send: Send = async (batches) => {
    for (const { topic, partition, records } of batches) {
      for (const { value } of records) stored.push(`${topic}/${partition}: ${value}`);
    }
    return batches.map(() => undefined);
  };
  const kafka: KafkaPort = {
    reader: () => {
      throw new Error('no keys are parked');
    },
    member: () => {
      throw new Error('a function is no member of a group');
    },
    producer: () => {
      state.made += 1;
      return {
        connect: async () => void (await state.connect()),
        leaderOf: () => 1,
        refreshLeaders: async () => undefined,
        send: (batches) => send(batches),
        close: async () => {
          state.closed += 1;
        },
      };
    },
    inspector: () => ({
      async topicFacts(topics) {
        state.topicsAsked += 1;
        await state.askTopics();
        if (state.unreachable) throw new Error('connection refused');
        const there = topics.filter((topic) => !state.missing.has(topic));
        return new Map(there.map((topic) => [topic, { topic, partitions: 4, maxMessageBytes: 1_000_000 }]));
      },
      missingRights: async () => [],
      close: async () => undefined,
    }),
  };
  const definition: RecordFunction<{ made: number }> = {
    ...{ name: 'copy', source: 'in', group: 'g', output: 'out', deadLetters: 'dlq', order: 'partition' },
    retry: { attempts: 3, initialDelayMs: 10, maxDelayMs: 10 },
    async setup() {
      state.setups += 1;
      const made = state.setups;
      await state.setup();
      return { made };
    },
    handle: (record, { signal }) => handle(record, signal),
  };
  const log = createRecordingLogger();
  const settings = readSettings({ KAFKA_BOOTSTRAP_SERVERS: 'b:1', STARTUP_TIMEOUT_MS: '1000' });
  const host = createFunctionHost(definition, settings, { kafka, log, env: {} });
  const invoke = async (records: readonly InboundRecord[], remainingMs = 30_000) => {
    const answer = host(createEvent(records), createInvocation(remainingMs)).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(remainingMs + 1);
    return await answer;
  };
  const sendWith = (other: Send): void => {
    send = other;
  };
  return { state, stored, log, invoke, host, sendWith };
}

const records = (...values: string[]): InboundRecord[] =>
  values.map((value, offset) => createRecord({ topic: 'in', offset, value }));
const copy = (record: InboundRecord): HandlerResult => ({ value: record.value });
const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const silence = () => new Promise<never>(() => undefined);
/** What has been answered by now, without any more time. */
const answered = (answer: Promise<unknown>) =>
  Promise.race([answer, vi.advanceTimersByTimeAsync(0).then(() => 'no answer yet')]);
const undone = (partition: number, ...offsets: number[]) =>
  offsets.map((offset) => ({ itemIdentifier: { partition: `in-${partition}`, offset } }));

describe('an event', () => {
  test('that is handled is answered with no failures, after everything was acknowledged', async () => {
    const { invoke, stored } = setUp(copy);
    expect(await invoke(records('a', 'b'))).toEqual({ batchItemFailures: [] });
    expect(stored).toEqual(['out/0: a', 'out/0: b']);
  });

  test.each([2_000, 0, -60_000])(
    'with %d ms left, within the margin, is undone as a whole, with the reason',
    async (ms) => {
      const { log, host, stored, state } = setUp(copy);
      const context = { ...createInvocation(), getRemainingTimeInMillis: () => ms };
      const answer = host(createEvent(records('a', 'b')), context);
      expect(await answered(answer)).toEqual({ batchItemFailures: undone(0, 0, 1) });
      expect([stored, state.made]).toEqual([[], 0]);
      const said = log.lines.map(({ level, message }) => `${level} ${message}`);
      expect(said).toEqual([
        expect.stringMatching(/^error This invocation began with -?\d+ ms left, not more than DEADLINE/),
      ]);
    },
  );

  test('is counted in one line: by records, outputs, dead letters and filtered ones', async () => {
    const { invoke, log } = setUp(({ value }) => {
      if (String(value) === 'bad') throw new BadInputError('DECODE_FAILED', 'no');
      return String(value) === 'nothing' ? null : [{ value }, { value }];
    });
    const counted = () => log.lines.filter(({ message }) => message === 'Event handled').map(({ fields }) => fields);
    await invoke(records('a', 'bad', 'nothing', 'nothing', 'b'));
    const counts = { records: 5, outputs: 4, deadLetters: 1, filtered: 2, retries: 0, undone: 0 };
    expect(counted()).toEqual([expect.objectContaining(counts)]);
    await invoke(records('nothing'));
    expect(counted().at(-1)).toMatchObject({ records: 1, outputs: 0, deadLetters: 0, filtered: 1 });
  });

  test('without records asks nothing of the cluster', async () => {
    const { invoke, state } = setUp(copy);
    expect(await invoke([])).toEqual({ batchItemFailures: [] });
    expect(state).toMatchObject({ made: 0, topicsAsked: 0 });
  });

  test.each([
    ['at once', () => null],
    ['by a promise', async () => null],
  ])('of records that lead to nothing, %s, is answered at once', async (_how, handle) => {
    const { host } = setUp(handle);
    const answer = host(createEvent(records('a', 'b', 'c')), createInvocation());
    await vi.advanceTimersByTimeAsync(50);
    expect(await answered(answer)).toEqual({ batchItemFailures: [] });
  });

  test('with bad input is handled, the bad record a dead letter', async () => {
    const { invoke, stored } = setUp((record) => {
      if (String(record.value) === 'bad') throw new BadInputError('DECODE_FAILED', 'no');
      return copy(record);
    });
    expect(await invoke(records('a', 'bad', 'c'))).toEqual({ batchItemFailures: [] });
    expect(stored.toSorted()).toEqual(['dlq/0: bad', 'out/0: a', 'out/0: c']);
  });

  test('that needs retries gets them within the invocation', async () => {
    let tries = 0;
    const { invoke, stored } = setUp((record) => {
      tries += 1;
      if (tries < 3) throw new RetryableError('not yet');
      return copy(record);
    });
    expect(await invoke(records('a'))).toEqual({ batchItemFailures: [] });
    expect(stored).toEqual(['out/0: a']);
  });
});

describe('what is not done is reported, from the first undone record of its partition on', () => {
  test('when a dependency is down for long, and other partitions are not held back', async () => {
    const { host, stored, log } = setUp((record) => {
      if (String(record.value) === 'db') throw new DependencyDownError('away');
      return copy(record);
    });
    const list = [...records('a', 'db', 'c'), createRecord({ topic: 'in', partition: 1, value: 'd' })];
    const answer = host(createEvent(list), createInvocation(30_000, 'request-7'));
    await vi.advanceTimersByTimeAsync(15_000);

    expect(await answer).toEqual({ batchItemFailures: undone(0, 1, 2) });
    expect(stored.toSorted()).toEqual(['out/0: a', 'out/1: d']);
    expect(log.lines.at(-1)).toMatchObject({ fields: { requestId: 'request-7', records: 2 } });
  });

  test('when the handler outlasts the deadline: its signal is aborted, and the answer is in time', async () => {
    let told = false;
    const { host } = setUp((record, signal) => {
      if (String(record.value) !== 'slow') return copy(record);
      signal.addEventListener('abort', () => {
        told = true;
      });
      return new Promise(() => undefined);
    });
    const answer = host(createEvent(records('a', 'slow', 'c')), createInvocation(5_000));
    await vi.advanceTimersByTimeAsync(4_500);
    expect(await answer).toEqual({ batchItemFailures: undone(0, 1, 2) });
    expect(told).toBe(true);
  });

  test('when outputs cannot be published', async () => {
    const { invoke, sendWith, state } = setUp(copy);
    sendWith(async (batches) => batches.map(() => ({ kind: 'transient', message: 'away' })));
    expect(await invoke(records('a', 'b'))).toEqual({ batchItemFailures: undone(0, 0, 1) });
    expect(state).toMatchObject({ made: 2, closed: 2 });
  });

  test('when dead letters cannot be published, with nothing behind them done', async () => {
    const { invoke, sendWith, stored } = setUp(() => {
      throw new BadInputError('DECODE_FAILED', 'no');
    });
    sendWith(async (batches) => batches.map(() => ({ kind: 'transient', message: 'away' })));
    expect(await invoke(records('a', 'b'))).toEqual({ batchItemFailures: undone(0, 0, 1) });
    expect(stored).toEqual([]);
  });
});

describe('an execution environment', () => {
  test('makes its resources and connections once', async () => {
    const { invoke, state } = setUp(copy);
    for (let times = 0; times < 3; times += 1) await invoke(records('a'));
    expect(state).toMatchObject({ made: 2, closed: 0, setups: 1, topicsAsked: 1 });
  });

  test('makes new connections after it was frozen for long', async () => {
    const { invoke, state } = setUp(copy);
    await invoke(records('a'));
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await invoke(records('b'))).toEqual({ batchItemFailures: [] });
    expect(state).toMatchObject({ made: 4, closed: 2 });
  });

  test('reports all of a batch undone while no broker answers', async () => {
    const { invoke, state, log } = setUp(copy);
    state.unreachable = true;
    expect(await invoke(records('a', 'b'))).toEqual({ batchItemFailures: undone(0, 0, 1) });
    expect(log.lines.at(-1)).toMatchObject({ level: 'error', message: expect.stringContaining('did not answer') });
    state.unreachable = false;
    expect(await invoke(records('a', 'b'))).toEqual({ batchItemFailures: [] });
  });

  test('has one time for all of its connecting, whichever part is slow', async () => {
    const { host, state } = setUp(copy);
    state.askTopics = () => later(700);
    state.connect = silence;
    const answer = host(createEvent(records('a')), createInvocation(30_000));
    await vi.advanceTimersByTimeAsync(1_000); // STARTUP_TIMEOUT_MS
    expect(await answered(answer)).toEqual({ batchItemFailures: undone(0, 0) });
  });

  test.each(['setup', 'askTopics', 'connect'] as const)('answers in time though %s never ends', async (part) => {
    const { host, state } = setUp(copy);
    state[part] = silence;
    const answer = host(createEvent(records('a', 'b')), createInvocation(2_500));
    await vi.advanceTimersByTimeAsync(500); // without the margin
    expect(await answered(answer)).toEqual({ batchItemFailures: undone(0, 0, 1) });
  });

  test('closes the producers that come late, and those that could not connect', async () => {
    const { host, state } = setUp(copy);
    state.connect = () => later(5_000);
    const answer = host(createEvent(records('a')), createInvocation(30_000));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await answered(answer)).toEqual({ batchItemFailures: undone(0, 0) });
    expect(state).toMatchObject({ made: 2, closed: 0 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(state).toMatchObject({ made: 2, closed: 2 });
    state.connect = () => Promise.reject(new Error('refused'));
    const refused = host(createEvent(records('a')), createInvocation(30_000));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await answered(refused)).toEqual({ batchItemFailures: undone(0, 0) });
    expect(state.closed).toBe(state.made);
  });

  test('goes on with a setup that took longer than an invocation', async () => {
    const { host, invoke, state } = setUp(copy);
    state.setup = () => later(4_000);
    const answer = host(createEvent(records('a')), createInvocation(5_000));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await answered(answer)).toEqual({ batchItemFailures: undone(0, 0) });
    expect(await invoke(records('a'))).toEqual({ batchItemFailures: [] });
    expect(state.setups).toBe(1);
  });

  test('reports all of a batch undone while setup says that a dependency is down', async () => {
    const { invoke, state, log } = setUp(copy);
    state.setup = () => Promise.reject(new DependencyDownError('the database is away'));
    expect(await invoke(records('a', 'b'))).toEqual({ batchItemFailures: undone(0, 0, 1) });
    expect(log.lines.at(-1)).toMatchObject({ level: 'error', message: 'the database is away' });
    state.setup = async () => undefined;
    const setups = state.setups;
    expect(await invoke(records('a', 'b'))).toEqual({ batchItemFailures: [] });
    expect(state.setups).toBe(setups + 1);
  });

  // Each answer that leaves records undone uses up one of the service's retries: it must last, as an outage may.
  test.each([
    ['setup', new DependencyDownError('the database is away'), 5_000], // DEPENDENCY_WAIT_MS
    ['setup', new StartupError('DATABASE_UNFIT', ['a migration is missing.']), 5_000],
    ['connect', new Error('SASL authentication failed'), 1_000], // STARTUP_TIMEOUT_MS
  ] as const)(
    'tries again while %s is refused at once, and answers no sooner than its time is over',
    async (part, error, waitMs) => {
      const { host, state, log } = setUp(copy);
      state[part] = () => Promise.reject(error);
      const answer = host(createEvent(records('a', 'b')), createInvocation(30_000));
      await vi.advanceTimersByTimeAsync(waitMs - 1);
      expect(await answered(answer)).toBe('no answer yet');
      expect(log.lines.map(({ message }) => message)).toContainEqual(expect.stringMatching(/ Trying again\.$/));
      await vi.advanceTimersByTimeAsync(2);
      expect(await answered(answer)).toEqual({ batchItemFailures: undone(0, 0, 1) });
      const mended = host(createEvent(records('a', 'b')), createInvocation(30_000));
      await vi.advanceTimersByTimeAsync(100);
      state[part] = async () => undefined;
      await vi.advanceTimersByTimeAsync(900);
      expect(await answered(mended)).toEqual({ batchItemFailures: [] });
    },
  );

  test('fails an invocation when setup fails in any other way', async () => {
    const { invoke, state } = setUp(copy);
    state.setup = () => Promise.reject(new Error('a bug'));
    expect(await invoke(records('a'))).toMatchObject({ message: 'a bug' });
  });

  test('fails an invocation while a topic is missing, and recovers when it is there', async () => {
    const { invoke, state } = setUp(copy);
    state.missing.add('out');
    expect(await invoke(records('a'))).toMatchObject({
      code: 'CLUSTER_UNFIT',
      message: expect.stringMatching(/^Topic out does not exist/),
    });
    state.missing.clear();
    expect(await invoke(records('a'))).toEqual({ batchItemFailures: [] });
  });
});
