import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import '../../../functions/kafka/kafkajs/group-hooks.ts';
import { createStandstills } from '../../../functions/kafka/kafkajs/standstill.ts';
import { contents, createProducer, outboxOf, transient } from './fake-producer.ts';

// Somebody sets the clock, or a leap is smeared: waits are by a clock that nobody sets.

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([-3_600_000, 3_600_000])(
  'a record is sent again after its wait, with the clock set by %i ms meanwhile',
  async (step) => {
    const { producer, sends } = createProducer();
    const { publish, order } = outboxOf(producer);
    publish(0, ['a']);
    await vi.advanceTimersByTimeAsync(5);
    await sends[0]?.answer(transient);
    vi.setSystemTime(Date.now() + step);
    publish(0, ['b']); // looks at what waits
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sends.map(contents)).toEqual([['0: a'], ['0: a']]);
    await sends[1]?.answer();
    await vi.advanceTimersByTimeAsync(5);
    await sends[2]?.answer();
    expect(order).toEqual(['a', 'b']);
  },
);

test('a partition that stands still is tried again after its wait, with the clock set back meanwhile', () => {
  const standstills = createStandstills();
  expect(standstills.add(0)).toBe(1_000);
  vi.setSystemTime(Date.now() - 3_600_000);
  vi.advanceTimersByTime(1_001);
  expect(standstills.has(0)).toBe(false);
});

test('heartbeats go on with the clock set back meanwhile: by them a member hears that its partitions go', async () => {
  const beats: number[] = [];
  const Constructor = ConsumerGroup as unknown as new (options: object) => ConsumerGroup;
  const emitter = { emit: () => undefined };
  const group = new Constructor({
    topics: [],
    cluster: {},
    logger: { namespace: () => undefined },
    instrumentationEmitter: emitter,
  });
  const coordinator = { heartbeat: async () => beats.push(Date.now()) };
  Object.assign(group, { groupId: 'g', memberId: 'm', generationId: 1, coordinator });
  await group.heartbeat({ interval: 1_000 });
  vi.setSystemTime(Date.now() - 3_600_000);
  for (let looks = 0; looks < 6; looks += 1) {
    await vi.advanceTimersByTimeAsync(500);
    await group.heartbeat({ interval: 1_000 });
  }
  expect(beats).toHaveLength(3);
});
