import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EngineError } from '../../../functions/runtime/errors.ts';
import { contents, createProducer, outboxOf, tooLarge, transient } from './fake-producer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const linger = (): Promise<unknown> => vi.advanceTimersByTimeAsync(5);

describe('a chunk that is too large', () => {
  test('is cut down to the culprit, and only that is refused', async () => {
    const { producer, sends } = createProducer();
    const { publish, order, fates } = outboxOf(producer);
    publish(0, ['a', 'b', 'LARGE', 'd', 'e']);
    await linger();
    for (let answered = 0; answered < sends.length; answered += 1) {
      const send = sends[answered];
      const isLarge = contents(send).join().includes('LARGE');
      await send?.answer(isLarge ? tooLarge : undefined);
      await linger();
    }
    expect(order).toEqual(['a', 'b', 'LARGE', 'd', 'e']);
    expect(fates.get('LARGE')).toEqual([expect.any(EngineError)]);
    expect(fates.get('LARGE')?.[0]).toMatchObject({
      code: 'OUTPUT_TOO_LARGE',
      message: 'Topic out refused the output: MESSAGE_TOO_LARGE',
    });
    expect(order.filter((value) => fates.get(value)?.[0] === 'acknowledged')).toHaveLength(4);
    expect(sends.map((send) => contents(send).join())).toEqual([
      '0: a b LARGE d e',
      '0: a b LARGE',
      '0: a b',
      '0: LARGE d e',
      '0: LARGE d',
      '0: LARGE',
      '0: d e',
    ]);
  });

  test('of dead letters is never refused: it is tried until the topic takes it', async () => {
    const { producer, sends } = createProducer();
    const { publish, order, onTrouble, outbox } = outboxOf(producer, { mustDeliver: true });
    publish(0, ['dead'], 900_000);
    await linger();
    expect(sends[0]?.compression).toBe('gzip');
    await sends[0]?.answer(tooLarge);
    expect(outbox.degraded).toBe(true);
    expect(onTrouble.mock.calls[0]?.[0].error).toBe('MESSAGE_TOO_LARGE (raise max.message.bytes of topic out)');
    await vi.advanceTimersByTimeAsync(50);
    await sends[1]?.answer(undefined);
    expect(order).toEqual(['dead']);
    expect(outbox.degraded).toBe(false);
  });

  test('that failed before leaves no trouble behind when it is refused', async () => {
    const { producer, sends } = createProducer();
    const { publish, outbox, onRoom } = outboxOf(producer);
    publish(0, ['LARGE']);
    await linger();
    await sends[0]?.answer(transient);
    await vi.advanceTimersByTimeAsync(50);
    expect(outbox.degraded).toBe(true);
    await sends[1]?.answer(tooLarge);
    expect(outbox.degraded).toBe(false);
    expect(onRoom).toHaveBeenCalled();
  });

  test('is known before it is sent: nothing larger than this is to be published', () => {
    const { producer } = createProducer();
    expect(outboxOf(producer).outbox.maxRecordBytes).toBe(1_000);
    expect(outboxOf(producer, { mustDeliver: true }).outbox.maxRecordBytes).toBe(Number.POSITIVE_INFINITY);
  });

  test('is compressed as its topic asks, else for dead letters only, and only when it is worth it', async () => {
    for (const [mustDeliver, bytes, asked, compression] of [
      [true, 524_289, undefined, 'gzip'],
      [true, 524_288, undefined, 'none'],
      [false, 900_000, undefined, 'none'],
      [false, 100, 'zstd', 'zstd'],
      [true, 524_289, 'zstd', 'zstd'],
    ] as const) {
      const { producer, sends } = createProducer();
      const facts = { topic: 'out', partitions: 6, maxMessageBytes: 1_128, ...(asked ? { compression: asked } : {}) };
      outboxOf(producer, { mustDeliver, facts }).publish(0, ['a'], bytes);
      await linger();
      expect(sends[0]?.compression).toBe(compression);
    }
  });
});

describe('an outbox that is full', () => {
  test('says so, and when it has room again', async () => {
    const { producer, sends } = createProducer();
    const { publish, outbox, onRoom } = outboxOf(producer, { maxBytes: 200 });
    publish(0, ['a']);
    expect(outbox.full).toBe(false);
    publish(0, ['b']);
    expect(outbox.full).toBe(true);
    await linger();
    expect(outbox.full).toBe(true); // sent is not acknowledged
    await sends[0]?.answer();
    expect(outbox.full).toBe(false);
    expect(onRoom).toHaveBeenCalledOnce();
  });

  test('has room again after a refusal too', async () => {
    const { producer, sends } = createProducer();
    const { publish, outbox, onRoom } = outboxOf(producer, { maxBytes: 200 });
    publish(0, ['LARGE'], 200);
    await linger();
    await sends[0]?.answer(tooLarge);
    expect(outbox.full).toBe(false);
    expect(onRoom).toHaveBeenCalledOnce();
  });

  test('has room again when what waits is forgotten', () => {
    const { publish, outbox, onRoom } = outboxOf(createProducer().producer, { maxBytes: 200 });
    const owner = {};
    publish(0, ['a', 'b'], 100, owner);
    outbox.cancel(owner);
    expect(outbox.full).toBe(false);
    expect(onRoom).toHaveBeenCalledOnce();
  });
});

describe('cancel', () => {
  test('forgets what waits, of this owner only', async () => {
    const { producer, sends } = createProducer();
    const { publish, outbox, fates } = outboxOf(producer);
    const [mine, theirs] = [{}, {}];
    publish(0, ['a'], 100, mine);
    publish(0, ['b'], 100, theirs);
    publish(1, ['c'], 100, mine);
    outbox.cancel(mine);
    await linger();
    await sends[0]?.answer();
    expect(sends.map(contents)).toEqual([['0: b']]);
    expect(Object.fromEntries(fates)).toEqual({ a: [], b: ['acknowledged'], c: [] });
  });

  test('lets what was sent go on unchanged, and tells nobody', async () => {
    const { producer, sends } = createProducer();
    const { publish, outbox, fates } = outboxOf(producer);
    const [mine, theirs] = [{}, {}];
    publish(0, ['a'], 100, mine);
    publish(0, ['b'], 100, theirs);
    await linger();
    publish(0, ['c'], 100, mine);
    outbox.cancel(mine);
    await sends[0]?.answer(transient);
    await vi.advanceTimersByTimeAsync(50);
    expect(contents(sends[1])).toEqual(['0: a b']);
    await sends[1]?.answer();
    expect(Object.fromEntries(fates)).toEqual({ a: [], b: ['acknowledged'], c: [] });
    expect(sends).toHaveLength(2);
    expect([outbox.full, outbox.degraded]).toEqual([false, false]);
  });

  test('gives back the bytes of what is forgotten, and of the rest when it is stored', async () => {
    const { producer, sends } = createProducer();
    const { publish, outbox } = outboxOf(producer, { maxBytes: 300 });
    const mine = {};
    publish(0, ['a', 'b'], 100, mine);
    await linger();
    publish(0, ['c', 'd'], 100, mine);
    outbox.cancel(mine);
    publish(1, ['e'], 100);
    expect(outbox.full).toBe(true); // a, b and e
    await sends[0]?.answer();
    publish(1, ['f'], 100);
    expect(outbox.full).toBe(false);
    publish(1, ['g'], 100);
    expect(outbox.full).toBe(true);
  });
});

describe('a closed outbox', () => {
  test('sends no more', async () => {
    const { producer, sends } = createProducer();
    const { publish, outbox } = outboxOf(producer);
    publish(0, ['a']);
    await linger();
    await sends[0]?.answer(transient);
    publish(1, ['b']);
    outbox.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sends).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('while lanes have more at hand', () => {
  const large = 40_000;
  const roomy = { maxBytes: 10_000_000, facts: { topic: 'out', partitions: 6, maxMessageBytes: 2_000_000 } };

  test('a request waits until it is worth its while, and each leader for itself', async () => {
    const { producer, sends } = createProducer();
    const { publish } = outboxOf(producer, { ...roomy, moreToCome: () => true });
    publish(0, ['first']);
    publish(1, ['other']);
    await linger();
    expect(sends.map(contents)).toEqual([['0: first'], ['1: other']]); // nothing was sent for long
    await sends[0]?.answer();
    await sends[1]?.answer();
    for (let index = 0; index < 19; index += 1) publish(index % 2 === 0 ? 0 : 3, [`r${index}`], large);
    publish(1, ['few'], large);
    await vi.advanceTimersByTimeAsync(50);
    expect(sends).toHaveLength(2);
    publish(0, ['r19'], large);
    await linger();
    expect(sends).toHaveLength(3);
    expect(sends[2]?.batches.map(({ records }) => records.length)).toEqual([11, 9]);
  });

  test('it waits no longer than 100 ms', async () => {
    const { producer, sends } = createProducer();
    const { publish } = outboxOf(producer, { ...roomy, moreToCome: () => true });
    publish(0, ['first']);
    await linger();
    await sends[0]?.answer();
    publish(0, ['second']);
    await vi.advanceTimersByTimeAsync(90);
    expect(sends).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(15);
    expect(contents(sends[1])).toEqual(['0: second']);
  });

  test('it waits for nobody once they have no more, or may give no more', async () => {
    const { producer, sends } = createProducer();
    let more = true;
    const { publish } = outboxOf(producer, { ...roomy, maxBytes: 100_000, moreToCome: () => more });
    publish(0, ['first']);
    await linger();
    await sends[0]?.answer();
    publish(0, ['second']);
    await linger();
    expect(sends).toHaveLength(1);
    more = false;
    await linger();
    expect(contents(sends[1])).toEqual(['0: second']);
    await sends[1]?.answer();
    more = true;
    publish(0, ['x', 'y', 'z'], large);
    await linger();
    expect(contents(sends[2])).toEqual(['0: x y z']);
  });

  test('what failed is sent again without waiting', async () => {
    const { producer, sends } = createProducer();
    const { publish } = outboxOf(producer, { ...roomy, moreToCome: () => true });
    publish(0, ['first']);
    await linger();
    await sends[0]?.answer(transient);
    await vi.advanceTimersByTimeAsync(60);
    expect(sends.map(contents)).toEqual([['0: first'], ['0: first']]);
  });

  test('chunks cut and records forgotten count no more', async () => {
    const { producer, sends } = createProducer();
    const { publish, outbox } = outboxOf(producer, { ...roomy, moreToCome: () => true });
    const [gone, kept] = [{}, {}];
    publish(0, ['a', 'b'], large, kept);
    await linger();
    publish(
      0,
      Array.from({ length: 20 }, (_, index) => `g${index}`),
      large,
      gone,
    );
    outbox.cancel(gone);
    await sends[0]?.answer(tooLarge);
    await vi.advanceTimersByTimeAsync(10);
    await sends[1]?.answer();
    publish(0, ['c'], large, kept);
    await vi.advanceTimersByTimeAsync(50);
    expect(sends.map(contents)).toEqual([['0: a b'], ['0: a']]);
    await vi.advanceTimersByTimeAsync(60);
    expect(sends.map(contents).at(-1)).toEqual(['0: b c']);
  });
});
