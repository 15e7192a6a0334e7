import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { contents, createProducer, outboxOf, transient } from './fake-producer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const linger = (): Promise<unknown> => vi.advanceTimersByTimeAsync(5);

describe('the outbox', () => {
  test('with nothing on its way sends one request to each leader, once the turn is over', async () => {
    const { producer, sends } = createProducer();
    const { publish } = outboxOf(producer);
    publish(0, ['a', 'b']);
    publish(3, ['c']); // led by broker 0 as well
    publish(1, ['d']);
    expect(sends).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(sends.map(contents)).toEqual([['0: a b', '3: c'], ['1: d']]);
  });

  test('gathers for a while what comes while a request is on its way, and after its answer', async () => {
    const { producer, sends } = createProducer();
    const { publish } = outboxOf(producer);
    publish(0, ['a']);
    await vi.advanceTimersByTimeAsync(1);
    publish(1, ['b']); // of another leader, which has nothing on its way
    await vi.advanceTimersByTimeAsync(4);
    expect(sends).toHaveLength(1);
    publish(1, ['c']);
    await vi.advanceTimersByTimeAsync(1);
    expect(sends.slice(1).map(contents)).toEqual([['1: b c']]);
    await sends[1]?.answer();
    publish(0, ['d']);
    await vi.advanceTimersByTimeAsync(5);
    await sends[0]?.answer(); // nothing is on its way now, and it lingers all the same
    await vi.advanceTimersByTimeAsync(4);
    expect(sends).toHaveLength(2);
    publish(0, ['e']);
    await vi.advanceTimersByTimeAsync(1);
    expect(sends.slice(2).map(contents)).toEqual([['0: d e']]);
    await sends[2]?.answer();
    publish(0, ['f']); // all is quiet again
    await vi.advanceTimersByTimeAsync(1);
    expect(sends.slice(3).map(contents)).toEqual([['0: f']]);
  });

  test.each([5, 0])('does not send the first turn of many ahead, with a linger of %i ms', async (lingerMs) => {
    let more = true;
    const { producer, sends } = createProducer();
    const { publish } = outboxOf(producer, { lingerMs, moreToCome: () => more });
    publish(0, ['first turn']);
    await vi.advanceTimersByTimeAsync(0);
    publish(0, ['second turn']);
    expect(sends).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(lingerMs || 1);
    expect(sends.map(contents)).toEqual([['0: first turn second turn']]);
    more = false;
    await sends[0]?.answer();
    publish(0, ['alone']);
    await vi.advanceTimersByTimeAsync(1);
    expect(sends.slice(1).map(contents)).toEqual([['0: alone']]);
  });

  test('tells each record once that it is stored, in order', async () => {
    const { producer, sends } = createProducer();
    const { publish, order, fates } = outboxOf(producer);
    publish(0, ['a', 'b', 'c']);
    await linger();
    expect(order).toEqual([]);
    await sends[0]?.answer();
    expect(order).toEqual(['a', 'b', 'c']);
    expect([...fates.values()]).toEqual([['acknowledged'], ['acknowledged'], ['acknowledged']]);
  });

  test('has one request in flight per leader; what comes meanwhile goes in the next', async () => {
    const { producer, sends } = createProducer();
    const { publish } = outboxOf(producer);
    publish(0, ['a']);
    await linger();
    publish(0, ['b']);
    publish(3, ['c']);
    await linger();
    expect(sends).toHaveLength(1);
    await sends[0]?.answer();
    await linger();
    expect(contents(sends[1])).toEqual(['0: b', '3: c']);
  });

  test('sends nothing to one leader because another has answered: that gathers on', async () => {
    const { producer, sends } = createProducer();
    const { publish } = outboxOf(producer);
    publish(0, ['a']);
    await linger();
    publish(1, ['b']);
    await vi.advanceTimersByTimeAsync(2);
    await sends[0]?.answer();
    expect(sends).toHaveLength(1);
    publish(1, ['c']);
    await vi.advanceTimersByTimeAsync(3);
    expect(sends.slice(1).map(contents)).toEqual([['1: b c']]);
  });

  test('holds up no leader for one that does not answer', async () => {
    const { producer, sends } = createProducer();
    const { publish, order } = outboxOf(producer);
    publish(0, ['stuck']);
    publish(1, ['a']);
    await linger();
    await sends[1]?.answer();
    publish(1, ['b']);
    await linger();
    await sends[2]?.answer();
    expect(order).toEqual(['a', 'b']);
    expect(sends[0]?.answered).toBe(false);
  });

  test('sends no more in a chunk than a message may have', async () => {
    const { producer, sends } = createProducer();
    const { publish } = outboxOf(producer);
    publish(0, ['a', 'b', 'c'], 400);
    await linger();
    expect(contents(sends[0])).toEqual(['0: a b']);
    await sends[0]?.answer();
    await linger();
    expect(contents(sends[1])).toEqual(['0: c']);
  });

  test('sends a record alone that is larger than that', async () => {
    const { producer, sends } = createProducer();
    const { publish } = outboxOf(producer, { mustDeliver: true });
    publish(0, ['large'], 5_000);
    publish(0, ['small']);
    await linger();
    expect(contents(sends[0])).toEqual(['0: large']);
  });

  test('bounds records of a chunk and bytes of a request', async () => {
    const { producer, sends } = createProducer();
    const facts = { topic: 'out', partitions: 60, maxMessageBytes: 3_000_000 };
    const { publish } = outboxOf(producer, { facts });
    const others = Array.from({ length: 19 }, (_, index) => 3 * (index + 1)); // led by broker 0, as partition 0 is
    publish(
      0,
      Array.from({ length: 2_001 }, (_, index) => `r${index}`),
      10,
    );
    for (const partition of others) publish(partition, [`p${partition}`], 900_000);
    await linger();
    expect(sends).toHaveLength(1);
    expect(sends[0]?.batches[0]?.records).toHaveLength(2_000);
    for (let answered = 0; answered < sends.length; answered += 1) await sends[answered]?.answer();
    const requests = sends.map(({ batches }) => batches.filter(({ partition }) => partition !== 0));
    expect(requests.flat().map(({ partition }) => partition)).toEqual(others);
    expect(Math.max(...requests.map((batches) => batches.length * 900_000))).toBeLessThan(6_000_000);
  });

  test('knows no partition that the topic has not', () => {
    const { publish } = outboxOf(createProducer().producer);
    expect(() => publish(6, ['a'])).toThrow(RangeError);
  });
});

describe('a failed send', () => {
  test('is sent again unchanged, before anything else of its partition', async () => {
    const { producer, sends, refreshLeaders } = createProducer();
    const { publish, order } = outboxOf(producer);
    publish(0, ['a', 'b']);
    await linger();
    publish(0, ['c']);
    await sends[0]?.answer(transient);
    expect(refreshLeaders).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(50);
    expect(contents(sends[1])).toEqual(['0: a b']);
    await sends[1]?.answer(transient);
    await vi.advanceTimersByTimeAsync(100);
    expect(contents(sends[2])).toEqual(['0: a b']);
    await sends[2]?.answer();
    await linger();
    expect(contents(sends[3])).toEqual(['0: c']);
    await sends[3]?.answer();
    expect(order).toEqual(['a', 'b', 'c']);
  });

  test('of one partition does not hold up those that were stored', async () => {
    const { producer, sends } = createProducer();
    const { publish, order } = outboxOf(producer);
    publish(0, ['a']);
    publish(3, ['b']);
    await linger();
    publish(3, ['c']);
    await sends[0]?.answer(transient, undefined);
    expect(order).toEqual(['b']);
    expect(contents(sends[1])).toEqual(['3: c']);
  });

  test('follows its partition to another leader', async () => {
    const { producer, sends, refreshLeaders } = createProducer();
    let leader = 0;
    producer.leaderOf = () => leader;
    refreshLeaders.mockImplementation(async () => {
      leader = 2;
    });
    const { publish } = outboxOf(producer);
    publish(0, ['a']);
    await linger();
    await sends[0]?.answer(transient);
    publish(2, ['b']);
    await vi.advanceTimersByTimeAsync(50);
    expect(sends.slice(1).flatMap(contents)).toEqual(['2: b']); // all of them are led by 2 now: one at a time
    await sends[1]?.answer();
    await linger();
    expect(contents(sends[2])).toEqual(['0: a']);
  });

  test('is degraded, told and counted, until it is stored', async () => {
    const { producer, sends } = createProducer();
    const { outbox, publish, onTrouble, onRecovered, onRoom } = outboxOf(producer);
    publish(0, ['a']);
    publish(3, ['b']);
    await linger();
    await sends[0]?.answer(transient);
    expect(outbox.degraded).toBe(true);
    expect(onTrouble.mock.calls).toEqual([
      [{ topic: 'out', error: 'NOT_LEADER_FOR_PARTITION', failures: 1 }, 'transient'],
      [{ topic: 'out', error: 'NOT_LEADER_FOR_PARTITION', failures: 2 }, 'transient'],
    ]);
    await vi.advanceTimersByTimeAsync(50);
    for (const send of sends.slice(1)) await send.answer(undefined);
    await vi.advanceTimersByTimeAsync(50);
    for (const send of sends.filter(({ answered }) => !answered)) await send.answer(undefined);
    expect(outbox.degraded).toBe(false);
    expect(onRecovered.mock.calls).toEqual([[{ topic: 'out', failures: 2 }]]); // once for the topic
    expect(onRoom).toHaveBeenCalled();
  });

  test('is tried for as long as it takes, at least every two seconds', async () => {
    const { producer, sends } = createProducer();
    const { publish, order } = outboxOf(producer);
    publish(0, ['a']);
    await linger();
    for (let minute = 0; minute < 60; minute += 1) {
      for (const send of sends.filter(({ answered }) => !answered)) await send.answer(transient);
      await vi.advanceTimersByTimeAsync(2_000);
    }
    expect(sends.length).toBeGreaterThan(60);
    await sends.at(-1)?.answer();
    expect(order).toEqual(['a']);
  });
});

test('what is stored or failed is told before brokers are asked who leads, which may take them long', async () => {
  const { producer, sends, refreshLeaders } = createProducer();
  const { outbox, publish, order, onTrouble } = outboxOf(producer);
  const asked = Promise.withResolvers<undefined>();
  refreshLeaders.mockImplementation(() => asked.promise);
  publish(0, ['fails']);
  publish(3, ['stored']); // of the same leader
  await linger();

  await sends[0]?.answer(transient, undefined);

  expect(order).toEqual(['stored']);
  expect(outbox.degraded).toBe(true);
  expect(onTrouble).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(sends).toHaveLength(1); // to whom is not known yet
  asked.resolve(undefined);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(sends.slice(1).map(contents)).toEqual([['0: fails']]);
});
